import { lstat, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { messageOf, usage } from "../errors.ts";
import { readJournal } from "../evidence/journal.ts";
import type {
  EngineEvent,
  History,
  HostFacts,
  JournalEvent,
  NodeFacts,
  Operation,
  ProbeSample,
  UserRequest,
} from "../history.ts";
import type { Plan } from "../plan.ts";
import { visible } from "../text.ts";
import { msAfter } from "../time.ts";
import { comesAsRequests, requestFiles } from "../workload/request-files.ts";
import { Defects } from "./defects.ts";
import { eachLine } from "./lines.ts";
import {
  accountLine,
  engineEventLine,
  eventData,
  factsLine,
  inventoryLine,
  hostFile,
  imagesFile,
  operationLine,
  planFile,
  probeLine,
  recoveredLine,
  wallLookLine,
} from "./records.ts";
import { requestsIn } from "./requests.ts";
import { structuralDefects } from "./structure.ts";

const MiB = 1024 ** 2;
const MAX_LINE_BYTES = MiB;
const MAX_DOCUMENT_BYTES = 16 * MiB;
const MAX_JOURNAL_BYTES = 64 * MiB;
const MAX_LOG_BYTES = 256 * MiB;
const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const ZEROS = "0".repeat(64);

/**
 * Reads the record of a run from `<dir>/raw`. Whatever is missing, cut, out of shape or does not fit together is named in
 * `defects` and never thrown: a broken record is a result (unknown). Only a folder that holds no run at all is an error (exit 2).
 */
export async function loadHistory(dir: string): Promise<History> {
  const raw = path.join(dir, "raw");
  const isRun = await lstat(raw).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isRun) throw usage(`${visible(dir)} is not a run: it has no folder raw/`, "name a folder under reports/");
  const files = new RawFiles(raw);
  const plan = await files.document("plan.json", planFile);
  const { events, originNs } = await readEvents(files);
  const after = (ns: string): number => msAfter(originNs, BigInt(ns));
  const operations = await readOperations(files, after);
  const requests = await readRequests(files, plan ?? NO_PLAN, operations, originNs);
  const history = {
    run: events.find((event) => event.kind === "run-started")?.data.run ?? path.basename(path.resolve(dir)),
    dir,
    plan: plan ?? NO_PLAN,
    scenarioText: (await files.text("scenario.yaml", MAX_DOCUMENT_BYTES)) ?? "",
    originNs,
    events,
    operations,
    requests,
    probes: await readProbes(files, after),
    recovered: await files.lines("recovered.jsonl", recoveredLine, (line) => line),
    accounts: await files.lines("accounts.jsonl", accountLine, (line) => line),
    inventory: await files.lines("inventory.jsonl", inventoryLine, (line) => line),
    facts: await readFacts(files, after),
    engineEvents: await readEngineEvents(files),
    logs: await files.logs("logs"),
    host: (await files.document("host.json", hostFile)) ?? NO_HOST,
    images: (await files.document("images.json", imagesFile)) ?? [],
  };
  return { ...history, defects: [...files.defects.list(), ...(plan ? structuralDefects(history) : [])] };
}

const readOperations = (files: RawFiles, after: (ns: string) => number): Promise<Operation[]> =>
  files.lines("operations.jsonl", operationLine, ({ dueNs, invokedNs, endedNs, ...line }) => ({
    ...line,
    dueMs: after(dueNs),
    invokedMs: after(invokedNs),
    endedMs: endedNs === null ? null : after(endedNs),
  }));

/** What went through an application: the load generator's own lines are read again, and the operations have to say the same. */
async function readRequests(
  files: RawFiles,
  plan: Plan,
  operations: readonly Operation[],
  originNs: bigint,
): Promise<UserRequest[]> {
  const all: UserRequest[] = [];
  for (const workload of plan.workload.filter(comesAsRequests)) {
    const { lines, looks } = requestFiles(workload.name);
    const text = await files.text(lines, MAX_LOG_BYTES);
    const clock = await files.lines(looks, wallLookLine, (look) => look);
    if (text === null) continue;
    const { requests, defects } = requestsIn(text, { workload, seed: plan.seed, looks: clock, operations, originNs });
    all.push(...requests);
    for (const [i, defect] of defects.entries()) files.defects.add(`${lines} ${i}`, visible(`raw/${lines}: ${defect}`));
  }
  return all;
}

const readProbes = (files: RawFiles, after: (ns: string) => number): Promise<ProbeSample[]> =>
  files.lines("probes.jsonl", probeLine, ({ dueNs, endedNs, ...line }) => ({
    ...line,
    dueMs: after(dueNs),
    endedMs: after(endedNs),
  }));

const readFacts = (files: RawFiles, after: (ns: string) => number): Promise<NodeFacts[]> =>
  files.lines("facts.jsonl", factsLine, ({ ns, ...line }) => ({ ...line, ms: after(ns) }));

const readEngineEvents = (files: RawFiles): Promise<EngineEvent[]> =>
  files.lines("engine-events.jsonl", engineEventLine, ({ wallNs, ...line }) => ({ ...line, wallNs: BigInt(wallNs) }));

/** The journal, whose chain shows an entry that was changed, removed or added. */
async function readEvents(files: RawFiles): Promise<{ events: JournalEvent[]; originNs: bigint }> {
  const text = await files.text("events.jsonl", MAX_JOURNAL_BYTES);
  if (text === null) return { events: [], originNs: 0n };
  const journal = readJournal(text);
  for (const defect of journal.defects) files.defects.add("journal", `raw/${defect}`);
  const originNs = journal.events[0]?.ns ?? 0n;
  const events = journal.events.flatMap(({ seq, ns, wall, kind, data }) => {
    const read = eventData[kind].safeParse(data);
    if (read.success && ISO_INSTANT.test(wall))
      return [{ seq, ms: msAfter(originNs, ns), wall, kind, data: read.data }];
    const problem = read.success ? "its wall clock is no instant" : complaint(read.error);
    files.defects.add("journal", `raw/events.jsonl entry ${seq} (${kind}) cannot be used: ${problem}`);
    return [];
  });
  return { events: events as JournalEvent[], originNs };
}

/** The files under raw/, each read once and with a bound; what is wrong with one of them is collected, not thrown. */
class RawFiles {
  readonly defects = new Defects();
  readonly #raw: string;

  constructor(raw: string) {
    this.#raw = raw;
  }

  async text(name: string, maxBytes: number): Promise<string | null> {
    const file = await this.#open(name, maxBytes);
    return file === null ? null : readFile(file, "utf8");
  }

  async document<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    const text = await this.text(name, MAX_DOCUMENT_BYTES);
    if (text === null) return null;
    try {
      return schema.parse(JSON.parse(text));
    } catch (thrown) {
      this.defects.add(name, `raw/${name} cannot be used: ${complaint(thrown)}`);
      return null;
    }
  }

  /** Every line that fits the schema, as `keep` makes it; the others are defects. */
  async lines<S extends z.ZodType, T>(name: string, schema: S, keep: (line: z.output<S>) => T): Promise<T[]> {
    const file = await this.#open(name, Infinity);
    if (file === null) return [];
    const kept: T[] = [];
    const end = await eachLine(file, MAX_LINE_BYTES, (bytes, number) => {
      try {
        kept.push(keep(schema.parse(JSON.parse(bytes.toString("utf8")))));
      } catch (thrown) {
        this.defects.add(name, `raw/${name} line ${number} cannot be used: ${complaint(thrown)}`);
      }
    });
    if (end.truncated)
      this.defects.add(`${name} end`, `raw/${name} is truncated: its last line, ${end.lines + 1}, was cut off`);
    if (end.overlong)
      this.defects.add(`${name} end`, `raw/${name} line ${end.overlong} is longer than ${MAX_LINE_BYTES} bytes`);
    return kept;
  }

  /** Server logs by node name. A node without a log is no defect: its machine may be lost with all it had. */
  async logs(folder: string): Promise<Record<string, string>> {
    const names = await readdir(path.join(this.#raw, folder)).catch(() => []);
    const texts: [string, string][] = [];
    for (const name of names.filter((n) => n.endsWith(".log")).toSorted()) {
      const text = await this.text(path.join(folder, name), MAX_LOG_BYTES);
      if (text !== null) texts.push([name.slice(0, -".log".length), text]);
    }
    return Object.fromEntries(texts);
  }

  /** A pack may come from anybody: no link is followed, and nothing but plain files of a bearable size is opened. */
  async #open(name: string, maxBytes: number): Promise<string | null> {
    const file = path.join(this.#raw, name);
    const found = await lstat(file).catch(() => null);
    const problem = !found
      ? "is missing"
      : !found.isFile()
        ? "is not a plain file"
        : found.size > maxBytes
          ? `is larger than ${maxBytes} bytes`
          : null;
    if (problem !== null) this.defects.add(name, `raw/${visible(name)} ${problem}`);
    return problem === null ? file : null;
  }
}

/** The first thing that is wrong, in a few words and with nothing that a terminal would obey. */
function complaint(thrown: unknown): string {
  if (!(thrown instanceof z.ZodError)) return visible(messageOf(thrown)).slice(0, 200);
  const [first] = thrown.issues;
  return visible(`${first?.path.join(".") || "it"}: ${first?.message ?? "not as expected"}`).slice(0, 200);
}

/** Stands in where the plan cannot be read; the record then has a defect and the verdict is unknown whatever else it says. */
const NO_PLAN: Plan = {
  schema: "blackstart/plan/v1",
  scenario: { id: "unknown", title: "unknown", file: "unknown", sha256: ZEROS, covers: [], controls: [] },
  overrides: [],
  seed: 0,
  policy: { id: "unknown", sha256: ZEROS },
  objectives: { recoveryTimeMs: 0, lostWrites: 0, detectionMs: 0 },
  components: [],
  workload: [],
  probes: [],
  steadyState: { holdMs: 0, errors: 0, timeoutMs: 0 },
  steps: [],
  settleMs: 0,
  verify: [],
  outcome: null,
  expect: { verdict: "pass", failed: [] },
};

const NO_HOST: HostFacts = {
  kernel: "unknown",
  cpus: 0,
  memoryBytes: 0,
  engine: "unknown",
  node: "unknown",
  blackstart: "unknown",
  evaluatorSha256: "unknown",
  dirty: null,
  environmentKind: "container-lab",
  clockSynchronised: null,
  preload: null,
  eventLoopStallMs: 0,
};
