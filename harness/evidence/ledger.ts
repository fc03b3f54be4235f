/**
 * The run ledger, `<reports>/ledger/`: every drill enters before anything breaks and leaves exactly once, however it ends, so
 * that ten attempts cannot be shown as one. entries.jsonl only grows; `checkpoint` is its signed head (RFC 6962, C2SP).
 */
import { randomBytes, type KeyObject } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BlackstartError } from "../errors.ts";
import { isAlive, self } from "../owner.ts";
import type { EvidenceClass } from "../report.ts";
import type { Verdict } from "../verdict.ts";
import { createFile, exists, readBounded, replaceFile, syncFolder } from "./files.ts";
import { canonicalJson } from "./json.ts";
import { ledgerKey, type Env } from "./keys.ts";
import {
  entrySchema,
  openIntents,
  readLedger,
  type EndEntry,
  type IntentEntry,
  type LedgerEntry,
  type LedgerState,
} from "./ledger-entries.ts";
import { makeProof, type LedgerProof } from "./ledger-proof.ts";
import { withLock } from "./lock.ts";
import { MAX_BYTES } from "./pack-files.ts";
import { leafHash, rootOf } from "./merkle.ts";
import { signCheckpoint, verifierKey } from "./note.ts";
import { refusal } from "./refusal.ts";

/** Where an intent will stand: known before it is signed, so that it is in the intent. */
export interface LedgerPlace {
  readonly index: number;
  /** Root of the entries before it, hex: the signed intent thereby holds the ledger to its past. */
  readonly root: string;
  readonly entries: readonly LedgerEntry[];
}

type NewIntent = Pick<IntentEntry, "run" | "scenario" | "scenarioSha256" | "class" | "bundleSha256">;

/** How a run ended. `aborted`: interrupted after rollback. `void`: nothing was ever broken. `crashed`: it left no word. */
export type RunEnd =
  | {
      readonly kind: "result" | "aborted";
      readonly bundleSha256: string;
      readonly class: EvidenceClass;
      readonly verdict: Verdict;
      readonly exitCode: number;
      readonly reason: string | null;
    }
  | { readonly kind: "aborted" | "void" | "crashed"; readonly bundleSha256: null; readonly reason: string };

interface ClosedRun {
  readonly entry: EndEntry;
  /** The signed head and the proofs that go into the pack. */
  readonly checkpoint: string;
  readonly proof: LedgerProof;
}

export interface Ledger {
  /** The verifier key of its heads (c2sp.org/signed-note). */
  readonly key: string;
  /** Reserves the next place, lets `sign` make the intent for it, and enters it. No other run can enter meanwhile. */
  appendIntent(sign: (place: LedgerPlace) => Promise<NewIntent>): Promise<IntentEntry>;
  /** Ends a run. Refuses (exit 5) a run that has no intent or has ended already. */
  closeRun(run: string, end: RunEnd): Promise<ClosedRun>;
  /** Closes as crashed every run whose process is gone, and returns them. Needs no signing key. */
  closeOrphans(alive?: (intent: IntentEntry) => boolean): Promise<IntentEntry[]>;
}

/** The files of a ledger in a reports folder. */
const filesIn = (dir: string) => ({
  entries: join(dir, "entries.jsonl"),
  checkpoint: join(dir, "checkpoint"),
  /** Written ahead of an append; what it signed is either completed or undone by whoever comes next. */
  ahead: join(dir, "checkpoint.next"),
  lock: join(dir, "lock"),
});
type LedgerFiles = ReturnType<typeof filesIn>;

export const ledgerDirOf = (reportsDir: string): string => join(reportsDir, "ledger");

/** Opens the ledger of a reports folder and begins it when there is none. Exit 5 when it does not verify or has another key. */
export async function openLedger(reportsDir: string, env: Env): Promise<Ledger> {
  const dir = ledgerDirOf(reportsDir);
  const files = filesIn(dir);
  const privateKey = ledgerKey(env);
  mkdirSync(dir, { recursive: true });
  // Looked through under the lock: entries and head are two files, and another run may be entering right now.
  const { origin, key } = await withLock(files.lock, async () => {
    begin(files, privateKey);
    const name = originOf(files);
    const vkey = verifierKey(name, privateKey);
    settled(files, vkey);
    return { origin: name, key: vkey };
  });
  const append = (entry: LedgerEntry, before: LedgerState): string =>
    appendEntry(files, privateKey, origin, entry, before);
  const locked = <T>(act: (state: LedgerState) => Promise<T> | T): Promise<T> =>
    withLock(files.lock, async () => act(settled(files, key)));

  return {
    key,
    appendIntent: (sign) =>
      locked(async (state) => {
        const place = {
          index: state.entries.length,
          root: rootOf(state.leaves).toString("hex"),
          entries: state.entries,
        };
        const intent = await sign(place);
        if (state.entries.some((entry) => entry.run === intent.run))
          throw refusal(`The run ${intent.run} is in the ledger already`);
        const { run, scenario, scenarioSha256, bundleSha256 } = intent;
        const wall = new Date().toISOString();
        const entry: IntentEntry = {
          index: place.index,
          kind: "intent",
          run,
          scenario,
          scenarioSha256,
          class: intent.class,
          wall,
          bundleSha256,
          owner: self(),
        };
        append(entry, state);
        return entry;
      }),
    closeRun: (run, end) =>
      locked((state) => {
        const intent = openIntents(state.entries).find((entry) => entry.run === run);
        if (intent === undefined) throw notOpen(run, state.entries);
        const entry = endOf(intent, state.entries.length, end);
        const checkpoint = append(entry, state);
        const lines = [...state.lines, lineOf(entry)];
        return { entry, checkpoint, proof: makeProof(lines, intent.index, entry.index) };
      }),
    closeOrphans: (alive = (intent) => isAlive(intent.owner)) =>
      locked((state) => {
        const dead = openIntents(state.entries).filter((intent) => !alive(intent));
        let now = state;
        for (const intent of dead) {
          append(
            endOf(intent, now.entries.length, {
              kind: "crashed",
              bundleSha256: null,
              reason: "its process ended without a word",
            }),
            now,
          );
          now = readSound(files, key);
        }
        return dead;
      }),
  };
}

/** Closes what dead runs of a reports folder left open, and returns their intents. Begins no ledger where there is none. */
export async function closeOrphans(
  reportsDir: string,
  env: Env,
  alive?: (intent: IntentEntry) => boolean,
): Promise<IntentEntry[]> {
  if (!exists(filesIn(ledgerDirOf(reportsDir)).checkpoint)) return [];
  return (await openLedger(reportsDir, env)).closeOrphans(alive);
}

function endOf(intent: IntentEntry, index: number, end: RunEnd): EndEntry {
  const { run, scenario, scenarioSha256 } = intent;
  const judged = "verdict" in end ? end : { class: intent.class, verdict: null, exitCode: null };
  return {
    index,
    kind: end.kind,
    run,
    scenario,
    scenarioSha256,
    class: judged.class,
    wall: new Date().toISOString(),
    intent: intent.index,
    bundleSha256: end.bundleSha256,
    verdict: judged.verdict,
    exitCode: judged.exitCode,
    reason: end.reason?.slice(0, 1000) ?? null,
  };
}

function notOpen(run: string, entries: readonly LedgerEntry[]): BlackstartError {
  const end = entries.find((entry) => entry.run === run && entry.kind !== "intent");
  if (end === undefined)
    return refusal(`The run ${run} has no intent in the ledger`, "sign and enter the intent before the drill");
  return refusal(
    `The run ${run} was closed already, as ${end.kind} in entry ${end.index}`,
    "a run ends once; run the drill again",
  );
}

/** A new ledger is empty and signed as such. Its name is random: two ledgers never share one. */
function begin(files: LedgerFiles, privateKey: KeyObject): void {
  if (exists(files.checkpoint)) return;
  if (exists(files.entries)) throw refusal(`The run ledger ${files.entries} has entries and no checkpoint`, MOVE_AWAY);
  const origin = `blackstart.dev/ledger/${randomBytes(8).toString("hex")}`;
  createFile(files.entries, "");
  createFile(files.checkpoint, signCheckpoint({ origin, size: 0, root: rootOf([]) }, privateKey));
}

const MOVE_AWAY =
  "if it was begun with another key, bring back that ledger.pem; else keep the folder as it is for whoever looks into it, and name another reports folder for new drills";

function originOf(files: LedgerFiles): string {
  return readFileSync(files.checkpoint, "utf8").split("\n", 1)[0] ?? "";
}

const notesOf = (files: LedgerFiles): string[] =>
  [files.checkpoint, files.ahead]
    .filter(exists)
    .map((file) => readBounded(file, "the ledger's checkpoint", MAX_BYTES.checkpoint).toString("utf8"));

const textOf = (files: LedgerFiles): string =>
  readBounded(files.entries, "the ledger's entries.jsonl", MAX_BYTES.ledger).toString("utf8");

/** Reads a ledger from its folder; see readLedger. */
export function readLedgerDir(dir: string, vkey: string): LedgerState {
  const files = filesIn(dir);
  return readLedger(textOf(files), notesOf(files), vkey);
}

function readSound(files: LedgerFiles, key: string): LedgerState {
  const state = readLedger(textOf(files), notesOf(files), key);
  if (state.problems.length === 0) return state;
  throw refusal(`The run ledger ${files.entries} does not verify: ${state.problems.join("; ")}`, MOVE_AWAY);
}

/** Completes or undoes an append that a crash cut short, then reads. Only under the lock. */
function settled(files: LedgerFiles, key: string): LedgerState {
  if (!exists(files.ahead)) return readSound(files, key);
  const text = textOf(files);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  // Half a line was never signed by the head that counts; a whole one was signed ahead and stays.
  if (whole.length < text.length) truncateSync(files.entries, Buffer.byteLength(whole));
  const signedAhead = readLedger(whole, [readFileSync(files.ahead, "utf8")], key).head !== null;
  if (signedAhead) renameSync(files.ahead, files.checkpoint);
  else unlinkSync(files.ahead);
  return readSound(files, key);
}

const lineOf = (entry: LedgerEntry): string => canonicalJson(entry).trimEnd();

/** Signs the new head, writes it ahead, appends the entry, makes the head count: a crash between any two leaves a ledger that verifies. */
function appendEntry(
  files: LedgerFiles,
  privateKey: KeyObject,
  origin: string,
  entry: LedgerEntry,
  before: LedgerState,
): string {
  entrySchema.parse(entry); // what cannot be read back must not be written
  const line = lineOf(entry);
  const leaves = [...before.leaves, leafHash(line)];
  const checkpoint = signCheckpoint({ origin, size: leaves.length, root: rootOf(leaves) }, privateKey);
  replaceFile(files.ahead, checkpoint);
  const fd = openSync(files.entries, "a");
  try {
    writeFileSync(fd, `${line}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(files.ahead, files.checkpoint);
  syncFolder(join(files.checkpoint, ".."));
  return checkpoint;
}
