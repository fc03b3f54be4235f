/**
 * The raw files of a pack as they stand on disk, before they become a History. A pack may come from anybody: every value has a
 * type and a bound, unknown keys are dropped, and whatever does not fit is a defect of the record.
 */
import { z } from "zod";
import { OUTCOME_CLASSES, type Plan } from "../plan.ts";
import type { EventData, HostFacts, ImageFacts } from "../history.ts";
import { parsePosition } from "../position.ts";
import { LEDGER, SERVER } from "../report.ts";

const ns = z.string().regex(/^\d{1,19}$/, { error: "expected nanoseconds as a decimal string" });
const name = z.string().min(1).max(300);
const text = z.string().max(100_000);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: "expected a sha256 in hexadecimal" });
const amount = z.int();
const ms = z.number().min(0);
const size = z.int().min(0);
const position = z.string().refine((value) => parsePosition(value) !== null, {
  error: "expected a position such as 0/5000158 or 4711",
});

export const operationLine = z
  .object({
    op: name,
    store: name,
    workload: name,
    seq: z.int().min(0),
    kind: z.enum(["insert", "transfer"]),
    sha256,
    dueNs: ns,
    invokedNs: ns,
    endedNs: ns.nullable(),
    outcome: z.enum(["ok", "fail", "info"]),
    error: text.nullable(),
    conn: z.int().min(0).nullable(),
    node: name.nullable(),
    lineage: name.nullable(),
    position: position.nullable(),
    version: name.nullable(),
  })
  .refine((line) => line.outcome !== "ok" || line.endedNs !== null, { error: "acknowledged, but without an end" });

const nsValue = ns.transform((digits) => BigInt(digits));
export const wallLookLine = z.object({ fromNs: nsValue, toNs: nsValue, wallNs: nsValue, resolutionNs: nsValue });

export const probeLine = z.object({ probe: name, dueNs: ns, endedNs: ns, ok: z.boolean(), error: text.nullable() });

export const recoveredLine = z.object({
  op: name,
  store: name,
  sha256,
  transfer: z.object({ from: amount, to: amount, amount }).nullable().default(null),
});

export const inventoryLine = z.object({ store: name, op: name, version: name.nullable() });

export const accountLine = z.object({ store: name, account: z.int(), initial: amount, balance: amount });

export const factsLine = z.object({
  at: z.enum(["steady", "fault", "recovered"]),
  ns,
  component: name,
  node: name,
  values: z.record(z.string().max(200), text),
});

export const engineEventLine = z.object({ node: name, action: name, wallNs: ns });

const phase = z.enum(["stack", "steady", "steps", "settle", "read-back", "down"]);
const span = { fromNs: ns, toNs: ns };
const fault = { step: name, fault: name, target: name };

/** What stands in `data` of a journal entry, by kind. */
export const eventData = {
  "run-started": z.object({ run: name, scenario: name, seed: z.int().min(0) }),
  "intent-signed": z.object({ sha256, ledgerIndex: z.int().min(0) }),
  "phase-started": z.object({ phase }),
  "phase-ended": z.object({ phase, error: text.exactOptional() }),
  "clock-bracket": z.object({
    label: name,
    ...span,
    wallNs: ns,
    uptimeNs: ns.nullable(),
    stores: z.array(z.object({ node: name, ...span, wallNs: ns })).max(100),
  }),
  "step-started": z.object({ step: name }),
  "fault-effective": z.object({ ...fault, ...span }),
  "fault-proven": z.object({ ...fault, observed: z.boolean(), proof: text }),
  "fault-healed": z.object({ step: name, target: name }),
  detected: z.object({ step: name, probe: name, fails: z.int().min(1), toNs: ns }),
  "recovery-started": z.object({ step: name, recovery: name, target: name, human: z.boolean() }),
  "recovery-mark": z.object({ step: name, mark: name, ...span }),
  "recovery-ended": z.object({ step: name, ok: z.boolean(), error: text.exactOptional() }),
  "workload-stopped": z.object({ operations: z.int().min(0) }),
  redundancy: z.object({ state: z.enum(["restored", "not-restored"]), detail: text }),
  attempt: z.object({ step: name, attempt: name, refused: z.boolean(), detail: text }),
  reconciled: z.object({ step: name, op: name, store: name, action: z.enum(["discarded", "replayed"]) }),
  struck: z.object({ step: name, store: name, damaged: z.array(name), beside: z.array(name) }),
  rewound: z.object({ step: name, store: name, lineage: name, position, upTo: position.exactOptional() }),
  "routine-ended": z.object({ step: name, routine: name, target: name, ok: z.boolean(), detail: text, ...span }),
  "read-back": z.object({ component: name, ...span }),
  "detector-ran": z.object({
    component: name,
    detector: name.refine((value) => value !== LEDGER && value !== SERVER, { error: "no tool may have this name" }),
    noticed: z.enum(["yes", "no", "not-run"]),
    detail: text,
    ...span,
  }),
  "backup-taken": z.object({ component: name, label: name, level: name, dataBytes: size, storedBytes: size, ...span }),
  restored: z.object({
    step: name,
    node: name,
    backup: name,
    level: name,
    dataBytes: size,
    walBytes: size,
    fromNs: ns,
    fetchedNs: ns,
    toNs: ns,
  }),
  "archive-looked": z.object({
    component: name,
    node: name,
    current: name,
    archived: name.nullable(),
    failures: z.int().min(0),
    waiting: z.int().min(0),
    unstored: z.array(name).max(10_000).nullable(),
    timeoutMs: ms,
    ...span,
  }),
  "archive-alarm": z.object({ component: name, alarm: name, toNs: ns }),
  note: z.object({ text }),
  "run-ended": z.object({ outcome: z.enum(["completed", "aborted"]), error: text.exactOptional() }),
} as const satisfies { [K in keyof EventData]: z.ZodType<EventData[K]> };

const list = <T extends z.ZodType>(of: T) => z.array(of).max(1_000);
const params = z.record(z.string().max(200), z.unknown());
const step = {
  name,
  start: z.discriminatedUnion("by", [
    z.object({ by: z.literal("time"), afterMs: ms, jitterMs: ms }),
    z.object({ by: z.literal("trigger"), on: name }),
    z.object({ by: z.literal("detector"), probe: name, fails: z.int().min(1), everyMs: ms, timeoutMs: ms }),
  ]),
};

export const planFile: z.ZodType<Plan> = z.object({
  schema: z.literal("blackstart/plan/v1"),
  scenario: z.object({ id: name, title: text, file: text, sha256, covers: list(name), controls: list(name) }),
  overrides: list(text),
  seed: z.int().min(0),
  policy: z.object({ id: name, sha256 }),
  objectives: z.object({ recoveryTimeMs: ms, lostWrites: z.int().min(0), detectionMs: ms }),
  components: list(
    z.object({ name, kind: name, choice: name.exactOptional(), config: z.unknown(), nodes: list(name) }),
  ),
  workload: list(
    z.object({
      name,
      kind: name,
      targets: list(name).min(1),
      ratePerSecond: z.number().positive(),
      connections: z.int().min(1),
      transfers: z.number().min(0).max(1),
      payloadBytes: z.int().min(1).exactOptional(),
      oneKey: z.literal(true).exactOptional(),
      timeoutMs: ms,
    }),
  ),
  probes: list(
    z.object({
      name,
      target: name,
      mode: z.enum(["read", "write"]),
      everyMs: z.number().positive(),
      timeoutMs: ms,
      critical: z.boolean(),
    }),
  ),
  steadyState: z.object({ holdMs: ms, errors: z.int().min(0), timeoutMs: ms }),
  steps: list(
    z.discriminatedUnion("does", [
      z.object({ ...step, does: z.literal("fault"), kind: name, target: name, params }),
      z.object({
        ...step,
        does: z.literal("recover"),
        kind: name,
        target: name,
        params,
        expect: z.enum(["success", "refused"]),
        because: text.exactOptional(),
      }),
      z.object({
        ...step,
        does: z.literal("routine"),
        kind: name,
        target: name,
        params,
        expect: z.enum(["success", "refused"]),
        because: text.exactOptional(),
      }),
      z.object({ ...step, does: z.literal("heal"), fault: name }),
    ]),
  ),
  settleMs: ms,
  verify: list(name),
  outcome: z.enum(OUTCOME_CLASSES).nullable(),
  expect: z.object({
    verdict: z.enum(["pass", "fail"]),
    lost: z
      .object({
        min: z.int().min(0),
        max: z.int().min(0).exactOptional(),
        shape: z.enum(["suffix", "hole"]).exactOptional(),
      })
      .exactOptional(),
    mutated: z.object({ min: z.int().min(0), max: z.int().min(0).exactOptional() }).exactOptional(),
    duplicated: z.object({ min: z.int().min(0), max: z.int().min(0).exactOptional() }).exactOptional(),
    phantom: z.object({ min: z.int().min(0), max: z.int().min(0).exactOptional() }).exactOptional(),
    failed: list(name),
  }),
});

export const hostFile: z.ZodType<HostFacts> = z.object({
  kernel: text,
  cpus: z.int().min(0),
  memoryBytes: z.int().min(0),
  engine: text,
  node: text,
  blackstart: text,
  evaluatorSha256: text,
  dirty: z.boolean().nullable(),
  environmentKind: z.enum(["container-lab", "staging", "production-like"]),
  clockSynchronised: z.boolean().nullable(),
  preload: text.nullable(),
  eventLoopStallMs: ms,
});

export const imagesFile: z.ZodType<ImageFacts[]> = list(
  z.object({ component: name, name, id: text, digest: text.nullable(), origin: z.enum(["local", "pulled", "built"]) }),
);
