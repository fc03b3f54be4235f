import { z } from "zod";
import type { Report } from "../report.ts";
import { messageOf } from "../errors.ts";
import { parseJson } from "./json.ts";
import { leafHash, rootOf } from "./merkle.ts";
import { openCheckpoint, type Checkpoint } from "./note.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const common = {
  index: z.int().min(0),
  run: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  scenario: z.string().max(200),
  scenarioSha256: digest,
  class: z.enum(["development", "attested"]),
  wall: z.iso.datetime(),
};
const intentSchema = z.strictObject({
  ...common,
  kind: z.literal("intent"),
  /** Of the signed intent. */
  bundleSha256: digest,
  /** The process that ran the drill, see owner.ts: it decides whether the run is still alive. */
  owner: z.string().max(100),
});
const endSchema = z.strictObject({
  ...common,
  kind: z.enum(["result", "crashed", "aborted", "void"]),
  /** Index of the intent that this entry ends. */
  intent: z.int().min(0),
  /** Of the signed report; null where there is none. */
  bundleSha256: digest.nullable(),
  verdict: z.enum(["pass", "fail", "unknown"]).nullable(),
  exitCode: z.int().min(0).max(255).nullable(),
  reason: z.string().max(1000).nullable(),
});
export const entrySchema = z.discriminatedUnion("kind", [intentSchema, endSchema]);

/** One line of ledger/entries.jsonl; the bytes of the line, without its newline, are a leaf of the tree. */
export type LedgerEntry = z.output<typeof entrySchema>;
export type IntentEntry = z.output<typeof intentSchema>;
export type EndEntry = z.output<typeof endSchema>;

export const parseEntry = (line: string, what: string): LedgerEntry => parseJson(Buffer.from(line), what, entrySchema);

export interface LedgerState {
  readonly entries: readonly LedgerEntry[];
  readonly lines: readonly string[];
  readonly leaves: readonly Buffer[];
  /** null when no head could be verified. */
  readonly head: Checkpoint | null;
  /** Everything that is wrong; empty for a sound ledger. */
  readonly problems: readonly string[];
}

/**
 * Reads a whole ledger against its signed heads. `notes` are the checkpoint and, when an append was cut short, the one written
 * ahead of it: the entries must be exactly what one of them signed. Never throws.
 */
export function readLedger(text: string, notes: readonly string[], vkey: string): LedgerState {
  const lines = text.split("\n");
  const cut = lines.pop() ?? "";
  const leaves = lines.map(leafHash);
  const { entries, problems } = parseEntries(lines);
  problems.push(...orderProblems(entries));
  if (cut !== "") problems.push(`entry ${lines.length} is cut off`);
  const heads: Checkpoint[] = [];
  for (const note of notes) {
    try {
      heads.push(openCheckpoint(note, vkey));
    } catch (thrown) {
      problems.push(messageOf(thrown));
    }
  }
  const root = rootOf(leaves);
  const head = heads.find((h) => h.size === lines.length && h.root.equals(root)) ?? null;
  if (head === null && heads[0] !== undefined) problems.push(headProblem(heads[0], lines.length));
  return { entries, lines, leaves, head, problems };
}

/** A ledger with so many broken entries is none; what follows them is not read. */
const MAX_PROBLEMS = 100;

function parseEntries(lines: readonly string[]): { entries: LedgerEntry[]; problems: string[] } {
  const entries: LedgerEntry[] = [];
  const problems: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (problems.length >= MAX_PROBLEMS) break;
    try {
      entries.push(parseEntry(line, `ledger entry ${i}`));
    } catch (thrown) {
      problems.push(messageOf(thrown));
    }
  }
  return { entries, problems };
}

function headProblem(head: Checkpoint, found: number): string {
  if (found < head.size)
    return `${head.size - found} entries were removed: the signed head counts ${head.size}, ${found} are there`;
  if (found > head.size) return `${found - head.size} entries follow the signed head, which counts ${head.size}`;
  return `the ${found} entries are not the ones that the head has signed`;
}

/** Gaps, moved entries, ends without an intent and second ends. */
function orderProblems(entries: readonly LedgerEntry[]): string[] {
  const problems: string[] = [];
  const open = new Map<string, number>();
  const seen = new Set<string>();
  for (const [i, entry] of entries.entries()) {
    if (entry.index !== i) problems.push(`a gap: entry ${i} calls itself ${entry.index}`);
    if (entry.kind === "intent") {
      if (seen.has(entry.run)) problems.push(`entry ${i}: the run ${entry.run} has a second intent`);
      seen.add(entry.run);
      open.set(entry.run, entry.index);
    } else if (open.get(entry.run) !== entry.intent)
      problems.push(
        `entry ${i}: the run ${entry.run} ${seen.has(entry.run) ? "has a second end" : "has an end and no intent"}`,
      );
    else open.delete(entry.run);
  }
  return problems;
}

/** Intents without an end. */
export function openIntents(entries: readonly LedgerEntry[]): IntentEntry[] {
  const ended = new Set(entries.filter((entry) => entry.kind !== "intent").map((entry) => entry.run));
  return entries.filter((entry) => entry.kind === "intent").filter((entry) => !ended.has(entry.run));
}

/**
 * The attempts at a scenario up to now: this one (`number`) and how the earlier ones ended. Passed and failed are exit codes 0
 * and 1, so that a lossy control that lost as declared has passed; crashed, aborted, void, inconclusive and open ones are `other`.
 */
export function attemptsAt(
  entries: readonly LedgerEntry[],
  scenario: string,
  windowDays: number,
  wall: Date,
): Report["attempts"] {
  const since = wall.getTime() - windowDays * 86_400_000;
  const mine = entries.filter((entry) => entry.scenario === scenario && Date.parse(entry.wall) >= since);
  const intents = new Set(mine.filter((entry) => entry.kind === "intent").map((entry) => entry.run));
  const ended = (entry: LedgerEntry): entry is EndEntry => entry.kind === "result" && intents.has(entry.run);
  const ends = mine.filter(ended);
  const passed = ends.filter((end) => end.exitCode === 0).length;
  const failed = ends.filter((end) => end.exitCode === 1).length;
  return { number: intents.size + 1, windowDays, passed, failed, other: intents.size - passed - failed };
}
