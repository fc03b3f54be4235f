/**
 * Golden histories. `drill()` is a passed one: 100 writes a second, the primary's machine lost at 5,000 ms, its synchronous standby
 * promoted at 5,700 ms. A test or a control names only what is different about its own; `loseFrom` takes writes away as a promotion
 * would.
 */
import { createHash } from "node:crypto";
import type {
  EventData,
  History,
  JournalEvent,
  NodeFacts,
  Operation,
  RecoveredAccount,
  RecoveredElement,
} from "../history.ts";
import { structuralDefects } from "../history/structure.ts";
import type { Plan } from "../plan.ts";
import { formatPosition } from "../position.ts";
import type { Checker } from "../checker.ts";
import type { Finding } from "../verdict.ts";

type Draft<T> = T extends (infer U)[] | readonly (infer U)[]
  ? Draft<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T;
type Rows<T> = T extends readonly (infer U)[] ? { -readonly [P in keyof U]: U[P] }[] : T;
export type DraftHistory = { -readonly [K in keyof History]: K extends "plan" ? Draft<Plan> : Rows<History[K]> };

export interface Course {
  readonly ratePerSecond: number;
  readonly effectiveMs: number;
  /** The first write that was due then succeeded again; Infinity: none ever did. */
  readonly restoredMs: number;
  readonly stoppedMs: number;
  readonly settleMs: number;
  /** Sequence number from which on the writes before the fault did not reach the standby; Infinity: all did. */
  readonly loseFrom: number;
}

const COURSE: Course = {
  ratePerSecond: 100,
  effectiveMs: 5_000,
  restoredMs: 5_700,
  stoppedMs: 9_000,
  settleMs: 3_000,
  loseFrom: Infinity,
};

const ORIGIN_NS = 7_000_000_000_000n;
export const EPOCH_MS = Date.parse("2026-11-23T10:00:00.000Z");
const FIRST_DUE_MS = 1_000;
const STEADY_UNTIL_MS = 4_000;
const LATENCY_MS = 2;
const TIMEOUT_MS = 1_000;
const ACCOUNTS = 10;
const INITIAL = 1_000;
const SCENARIO = "id: golden\n";
export const HASH = (text: string): string => createHash("sha256").update(text).digest("hex");

export const nsOf = (ms: number): string => String(ORIGIN_NS + BigInt(Math.round(ms * 1e6)));
export const wallNsOf = (ms: number): bigint => BigInt(EPOCH_MS) * 1_000_000n + BigInt(Math.round(ms * 1e6));
export const lsnOf = (seq: number): bigint => 0x5000000n + BigInt(seq) * 0x100n;

/** A drill as it should be, then changed by the test. Its structure is checked as the loader would, unless the test sets defects. */
export function drill(
  course: Partial<Course> = {},
  change: (history: DraftHistory) => void = () => undefined,
): History {
  const full = { ...COURSE, ...course };
  const operations = operationsOf(full);
  const recovered = elementsOf(operations, full);
  const draft: DraftHistory = {
    run: "2026-11-23T10-00-00Z-7f3a",
    dir: "reports/2026-11-23T10-00-00Z-7f3a",
    plan: planOf(full),
    scenarioText: SCENARIO,
    originNs: ORIGIN_NS,
    events: eventsOfCourse(full, operations.length),
    operations,
    probes: probesOf(full),
    recovered,
    accounts: accountsOf(recovered),
    inventory: [],
    requests: [],
    facts: factsOf(full),
    engineEvents: [
      { node: "db.primary", action: "kill", wallNs: wallNsOf(full.effectiveMs + 17) },
      { node: "db.primary", action: "die", wallNs: wallNsOf(full.effectiveMs + 69) },
    ],
    logs: { "db.primary": "", "db.standby": standbyLog(full) },
    host: HOST,
    images: [{ component: "db.primary", name: "postgres:17", id: "sha256:1", digest: null, origin: "built" }],
    defects: [],
  };
  change(draft);
  return {
    ...draft,
    defects: draft.defects.length > 0 ? draft.defects : structuralDefects(draft),
  };
}

const HOST: History["host"] = {
  kernel: "6.1",
  cpus: 2,
  memoryBytes: 8e9,
  engine: "20.10.24",
  node: "v24.0.0",
  blackstart: "0.1.0",
  evaluatorSha256: "e".repeat(64),
  dirty: false,
  environmentKind: "container-lab",
  clockSynchronised: null,
  preload: null,
  eventLoopStallMs: 1,
};

const planOf = ({ ratePerSecond, settleMs }: Course): Draft<Plan> => ({
  schema: "blackstart/plan/v1",
  scenario: {
    id: "golden",
    title: "The primary's machine is lost",
    file: "golden.yaml",
    sha256: HASH(SCENARIO),
    covers: ["A3"],
    controls: ["adr-004/rto"],
  },
  overrides: [],
  seed: 7,
  policy: { id: "adr-004", sha256: HASH("policy") },
  objectives: { recoveryTimeMs: 300_000, lostWrites: 0, detectionMs: 1_000 },
  components: [
    {
      name: "db",
      kind: "postgres",
      config: { version: 17, standbys: [{ name: "standby", replication: "synchronous" }] },
      nodes: ["db.primary", "db.standby"],
    },
  ],
  workload: [
    {
      name: "ledger",
      kind: "ledger",
      targets: ["db"],
      ratePerSecond,
      connections: 4,
      transfers: 0.2,
      timeoutMs: TIMEOUT_MS,
    },
  ],
  probes: [
    { name: "db-write", target: "db", mode: "write", everyMs: 100, timeoutMs: 200, critical: true },
    { name: "db-read", target: "db", mode: "read", everyMs: 100, timeoutMs: 200, critical: true },
  ],
  steadyState: { holdMs: 2_000, errors: 0, timeoutMs: 30_000 },
  steps: [
    {
      name: "loss",
      start: { by: "time", afterMs: 1_000, jitterMs: 0 },
      does: "fault",
      kind: "node-loss",
      target: "db.primary",
      params: {},
    },
    {
      name: "promote",
      start: { by: "detector", probe: "db", fails: 3, everyMs: 200, timeoutMs: 200 },
      does: "recover",
      kind: "promote",
      target: "db.standby",
      params: {},
      expect: "success",
    },
  ],
  settleMs,
  verify: ["no-lost-writes", "balances", "checksums", "amcheck"],
  outcome: null,
  expect: { verdict: "pass", failed: [] },
});

/** Latency 2 ms; while nobody serves a write hangs until its client gives it up. */
function operationsOf({ ratePerSecond, effectiveMs, restoredMs, stoppedMs }: Course): Operation[] {
  const everyMs = 1_000 / ratePerSecond;
  const count = Math.ceil((stoppedMs - FIRST_DUE_MS) / everyMs - 1e-9);
  return Array.from({ length: count }, (_, seq) => {
    const dueMs = FIRST_DUE_MS + seq * everyMs;
    const served = dueMs + LATENCY_MS <= effectiveMs || dueMs >= restoredMs;
    const before = dueMs < effectiveMs;
    return {
      op: `ledger-${seq}`,
      store: "db",
      workload: "ledger",
      seq,
      kind: seq % 5 === 0 ? "transfer" : "insert",
      sha256: HASH(`content ${seq}`),
      dueMs,
      invokedMs: dueMs,
      endedMs: dueMs + (served ? LATENCY_MS : TIMEOUT_MS),
      outcome: served ? "ok" : "info",
      error: served ? null : `no answer within ${TIMEOUT_MS} ms`,
      node: served ? (before ? "primary" : "standby") : null,
      lineage: served ? (before ? "1" : "2") : null,
      position: served ? formatPosition(lsnOf(seq)) : null,
      version: null,
      conn: seq % 4,
    };
  });
}

/** What is in the store afterwards: acknowledged writes, without those that did not reach the standby. */
const elementsOf = (operations: readonly Operation[], { loseFrom, effectiveMs }: Course): RecoveredElement[] =>
  operations.filter((op) => op.outcome === "ok" && !(op.seq >= loseFrom && op.dueMs < effectiveMs)).map(elementOf);

export const elementOf = ({
  op,
  store,
  sha256,
  kind,
  seq,
}: Pick<Operation, "op" | "store" | "sha256" | "kind" | "seq">): RecoveredElement => ({
  op,
  store,
  sha256,
  transfer: kind === "transfer" ? { from: seq % ACCOUNTS, to: (seq + 1) % ACCOUNTS, amount: 3 } : null,
});

export function accountsOf(recovered: readonly RecoveredElement[]): RecoveredAccount[] {
  const balances = Array.from({ length: ACCOUNTS }, () => INITIAL);
  for (const { transfer } of recovered) {
    if (!transfer) continue;
    balances[transfer.from]! -= transfer.amount;
    balances[transfer.to]! += transfer.amount;
  }
  return balances.map((balance, account) => ({ store: "db", account, initial: INITIAL, balance }));
}

function probesOf({ effectiveMs, restoredMs, stoppedMs }: Course): History["probes"][number][] {
  const sample = (probe: string, dueMs: number) => {
    const ok = dueMs < effectiveMs || dueMs >= restoredMs;
    return { probe, dueMs, endedMs: dueMs + (ok ? 1 : 200), ok, error: ok ? null : "no answer within 200 ms" };
  };
  const every = (probe: string, everyMs: number) =>
    Array.from({ length: Math.ceil((stoppedMs - FIRST_DUE_MS) / everyMs) }, (_, k) =>
      sample(probe, FIRST_DUE_MS + k * everyMs),
    );
  return [...every("db-write", 100), ...every("db-read", 100), ...every("detector:promote", 200)];
}

const SETTINGS = {
  synchronous_commit: "on",
  synchronous_standby_names: 'FIRST 1 ("standby")',
  fsync: "on",
  full_page_writes: "on",
  data_checksums: "on",
  wal_level: "replica",
};

export const sender = (name: string, changes: Partial<Record<"sync_state" | "backend_start", string>> = {}) => ({
  name,
  state: "streaming",
  sync_state: "sync",
  backend_start: "2026-11-23 09:59:58+00",
  ...changes,
});

const factsAt = (when: NodeFacts["at"], ms: number, node: string, values: Record<string, string>): NodeFacts => ({
  at: when,
  ms,
  component: "db",
  node,
  values,
});

function factsOf({ effectiveMs, loseFrom, ratePerSecond, stoppedMs }: Course): NodeFacts[] {
  const replication = JSON.stringify([sender("standby")]);
  const primary = {
    ...SETTINGS,
    in_recovery: "false",
    serves: "true",
    lineage: "1",
    process_start: "p1",
    replication,
  };
  const standby = { ...SETTINGS, in_recovery: "true", serves: "false", process_start: "s1", replication: "[]" };
  const switchSeq = Math.min(loseFrom, ((effectiveMs - FIRST_DUE_MS) * ratePerSecond) / 1_000);
  const promoted = {
    ...standby,
    in_recovery: "false",
    serves: "true",
    lineage: "2",
    switch_from_lineage: "1",
    switch_position: formatPosition(lsnOf(switchSeq)),
    checksum_failures: "0",
    "amcheck.exit": "0",
    "amcheck.output": "",
  };
  return [
    factsAt("steady", STEADY_UNTIL_MS - 1, "db.primary", primary),
    factsAt("steady", STEADY_UNTIL_MS - 1, "db.standby", standby),
    factsAt("fault", effectiveMs - 5, "db.primary", primary),
    factsAt("fault", effectiveMs - 5, "db.standby", standby),
    factsAt("recovered", stoppedMs + 100, "db.primary", { unreachable: "the node is stopped" }),
    factsAt("recovered", stoppedMs + 100, "db.standby", promoted),
  ];
}

const logLine = (ms: number, text: string): string =>
  `${new Date(EPOCH_MS + ms).toISOString().replace("T", " ").slice(0, 23)} UTC [42] LOG:  ${text}\n`;

function standbyLog({ effectiveMs }: Course): string {
  return [
    logLine(500, "database system is ready to accept read-only connections"),
    logLine(effectiveMs + 605, "received promote request"),
    logLine(effectiveMs + 620, "selected new timeline ID: 2"),
    logLine(effectiveMs + 622, "archive recovery complete"),
    logLine(effectiveMs + 640, "database system is ready to accept connections"),
  ].join("");
}

type Entry = { [K in keyof EventData]: [ms: number, kind: K, data: EventData[K]] }[keyof EventData];

function eventsOfCourse({ effectiveMs, stoppedMs }: Course, operations: number): JournalEvent[] {
  const span = (fromMs: number, toMs: number) => ({
    fromNs: nsOf(effectiveMs + fromMs),
    toNs: nsOf(effectiveMs + toMs),
  });
  const fault = { step: "loss", fault: "node-loss", target: "db.primary" };
  const entries: Entry[] = [
    [0, "run-started", { run: "2026-11-23T10-00-00Z-7f3a", scenario: "golden", seed: 7 }],
    [1, "intent-signed", { sha256: HASH("intent"), ledgerIndex: 41 }],
    [2, "phase-started", { phase: "stack" }],
    [990, "phase-ended", { phase: "stack" }],
    [990, "phase-started", { phase: "steady" }],
    [999, "clock-bracket", clockBracket("steady", 990)],
    [STEADY_UNTIL_MS, "phase-ended", { phase: "steady" }],
    [STEADY_UNTIL_MS, "phase-started", { phase: "steps" }],
    [effectiveMs - 10, "step-started", { step: "loss" }],
    [effectiveMs - 1, "clock-bracket", clockBracket("fault", effectiveMs - 9)],
    [effectiveMs + 3, "fault-effective", { ...fault, ...span(0, 2) }],
    [effectiveMs + 80, "fault-proven", { ...fault, observed: true, proof: "412 packets dropped, then SIGKILL" }],
    [effectiveMs + 600, "detected", { step: "promote", probe: "db", fails: 3, toNs: nsOf(effectiveMs + 600) }],
    [effectiveMs + 600, "step-started", { step: "promote" }],
    [
      effectiveMs + 601,
      "recovery-started",
      { step: "promote", recovery: "promote", target: "db.standby", human: false },
    ],
    [effectiveMs + 640, "recovery-mark", { step: "promote", mark: "promoted", ...span(601, 640) }],
    [effectiveMs + 650, "recovery-mark", { step: "promote", mark: "repointed", ...span(640, 650) }],
    [effectiveMs + 651, "recovery-ended", { step: "promote", ok: true }],
    [effectiveMs + 652, "phase-ended", { phase: "steps" }],
    [effectiveMs + 652, "phase-started", { phase: "settle" }],
    [stoppedMs, "workload-stopped", { operations }],
    [stoppedMs, "phase-ended", { phase: "settle" }],
    [stoppedMs, "phase-started", { phase: "read-back" }],
    [stoppedMs + 20, "redundancy", { state: "not-restored", detail: "0 of 1 standbys attached to db.standby" }],
    [stoppedMs + 100, "clock-bracket", clockBracket("recovered", stoppedMs + 90)],
    [stoppedMs + 300, "phase-ended", { phase: "read-back" }],
    [stoppedMs + 310, "run-ended", { outcome: "completed" }],
  ];
  return entries.map(([ms, kind, data], seq) => ({
    seq,
    ms,
    wall: new Date(EPOCH_MS + ms).toISOString(),
    kind,
    data,
  })) as JournalEvent[];
}

/** All clocks in agreement. `shift` puts one of them off. */
export function clockBracket(
  label: string,
  ms: number,
  shift: { wallMs?: number; uptimeMs?: number; storeMs?: number } = {},
): EventData["clock-bracket"] {
  const [fromNs, toNs] = [nsOf(ms), nsOf(ms + 1)];
  return {
    label,
    fromNs,
    toNs,
    wallNs: String(wallNsOf(Math.floor(ms + 0.5 + (shift.wallMs ?? 0)))),
    uptimeNs: String(BigInt(Math.floor((500_000 + ms + 0.5 + (shift.uptimeMs ?? 0)) / 10)) * 10_000_000n),
    stores: [
      {
        node: "db.standby",
        fromNs: nsOf(ms + 2),
        toNs: nsOf(ms + 3),
        wallNs: String(wallNsOf(ms + 2.5 + (shift.storeMs ?? 0))),
      },
    ],
  };
}

export const verdictOf = (checker: Checker, history: History): Finding["verdict"] => checker.check(history).verdict;
