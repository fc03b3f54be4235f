/** Reports to render in tests, with figures like those of real drills. A test names only what it is about. */
import type { AcceptedRisk, Mark, Report, Timeline, Users } from "../report.ts";
import type { Finding } from "../verdict.ts";
import { EXIT } from "../verdict.ts";
import { claimFor } from "../statistics.ts";

const hex = (seed: string): string => seed.repeat(64).slice(0, 64);

/** As users of an application saw an outage. */
export const someUsers: Users = {
  requests: 1_300,
  failed: 40,
  underWayAtTheEnd: 2,
  firstFailedMs: 12,
  goodAgainMs: 812,
  outage: { lowerMs: 640, upperMs: 830 },
  periods: [
    { name: "before the first failed one", requests: 600, failed: 0, latencyP50Ms: 8, latencyP99Ms: 21 },
    { name: "from there to the last failed one", requests: 40, failed: 40, latencyP50Ms: 402, latencyP99Ms: 640 },
    { name: "after it", requests: 660, failed: 0, latencyP50Ms: 9, latencyP99Ms: 33 },
  ],
  statuses: {
    fromMs: -1_000,
    bucketMs: 1_000,
    counts: [
      { status: 0, perBucket: [0, 13] },
      { status: 201, perBucket: [50, 10] },
      { status: 503, perBucket: [0, 27] },
    ],
  },
};

export const mark = (
  name: string,
  label: string,
  lowerMs: number,
  upperMs: number,
  note: string | null = null,
): Mark => ({
  name,
  label,
  at: { lowerMs, upperMs },
  note,
});

const waterfall: readonly Mark[] = [
  mark("effective", "fault effective", -1.8, 0, "every packet of db.primary dropped, both ways"),
  mark("first-error", "first client error", 201.3, 204.9, "write probe timed out"),
  mark("detected", "detected", 601.2, 617.4, "3 failed probes in a row"),
  mark("decided", "decided", 617.4, 618.1),
  mark("promoted", "promoted", 651.9, 660.3, "pg_is_in_recovery() is false"),
  mark("repointed", "clients re-pointed", 668.1, 682.7),
  mark("first-read", "first read", 684.2, 701.5),
  mark("first-write", "first acknowledged write", 702.2, 751.8),
  mark("sustained", "sustained for 3 s", 3702.2, 3751.8),
  mark("baseline", "back to baseline", 1200, 1300, "throughput and p99 within 10 % of the steady state"),
  {
    name: "redundancy",
    label: "redundancy restored",
    at: null,
    note: "no standby was attached again before the drill ended",
  },
];

/** Always the same, so that a picture can be compared with the one before. */
const wobble = (i: number): number => ((i * 7919) % 13) / 13;

/** Steady load, silence from the fault to `backMs`, a short burst of queued writes, and load again. */
export function outage(options: { backMs: number; untilMs: number; perSecond: number }): Timeline {
  const bucketMs = 100;
  const fromMs = -3_000;
  const length = Math.round((options.untilMs - fromMs) / bucketMs);
  const at = (i: number): number => fromMs + i * bucketMs;
  const steady = (options.perSecond * bucketMs) / 1_000;
  const out = (i: number): boolean => at(i) >= 0 && at(i) + bucketMs <= options.backMs;
  const series = <T>(value: (i: number) => T): T[] => Array.from({ length }, (_, i) => value(i));
  const burst = (i: number): number => (at(i) >= options.backMs && at(i) < options.backMs + 300 ? 40 : 0);
  return {
    fromMs,
    bucketMs,
    acknowledged: series((i) => (out(i) ? 0 : Math.round(steady + burst(i) * 0.4 - wobble(i) * 3))),
    failed: series((i) => (out(i) && at(i) >= 200 ? Math.round(steady * 0.8) : 0)),
    indeterminate: series((i) => (at(i) === 0 ? 8 : out(i) && at(i) < 200 ? Math.round(steady / 4) : 0)),
    latencyP50Ms: series((i) => (out(i) ? null : 1.6 + wobble(i) * 0.5 + burst(i) * 2)),
    latencyP99Ms: series((i) => (out(i) ? null : 4.1 + wobble(i) * 4 + burst(i) * 14)),
  };
}

export const finding = (check: string, verdict: Finding["verdict"], detail: string): Finding => ({
  check,
  verdict,
  detail,
  evidence: ["raw/operations.jsonl", "raw/recovered.jsonl"],
});

const passing: Report = {
  schema: "blackstart/result/v1",
  run: "2026-11-23T10-00-00Z-7f3a",
  scenario: "postgres-primary-node-loss",
  scenarioSha256: hex("4be1a90c"),
  class: "development",
  verdict: "pass",
  expect: "pass",
  exitCode: EXIT.met,
  reasons: [
    finding(
      "recovery-time",
      "pass",
      "Writes were served again 702 to 752 ms after the fault was effective; the objective is 5 min.",
    ),
    finding(
      "detection",
      "pass",
      "The detector decided 601 to 617 ms after the fault was effective; the objective is 1 s.",
    ),
    finding(
      "no-lost-writes",
      "pass",
      "All 18,204 acknowledged writes were read back from db.standby with the payload that was sent.",
    ),
    finding("balances", "pass", "The sum of 64 accounts is 6,400,000, as seeded; no transfer is half there."),
    finding(
      "fault-effect",
      "pass",
      "db.primary: 412 packets dropped by the rule; the standby's receiver saw its last byte 1.1 ms before it.",
    ),
    finding("amcheck", "pass", "4 indexes and 3 tables checked, no corruption reported."),
  ],
  recoveryTime: { objectiveMs: 300_000, lowerMs: 702.2, upperMs: 751.8 },
  detection: { objectiveMs: 1_000, lowerMs: 601.2, upperMs: 617.4 },
  operations: { invoked: 18_430, acknowledged: 18_204, failed: 210, indeterminate: 16 },
  lost: { count: 0, shape: "none", seconds: 0, walBytes: 0, byStore: { db: 0 } },
  phantom: 0,
  resurrected: 0,
  duplicated: 0,
  mutated: 0,
  stale: 0,
  guaranteed: {
    zeroLoss: true,
    why: [
      "synchronous_commit=on in every session",
      "synchronous_standby_names names the standby that was promoted",
      "fsync=on on both nodes",
    ],
  },
  pack: "reports/2026-11-23T10-00-00Z-7f3a",
  bundle: "reports/2026-11-23T10-00-00Z-7f3a/report.sigstore.json",
  title: "The primary's machine is lost; the synchronous standby takes over",
  sentence:
    "While 300 writes a second ran against db, db.primary was lost with its network and db.standby was promoted by a detector.",
  covers: ["A3"],
  controls: ["adr-004/rto", "adr-004/rpo", "dora/11.6", "nist-800-53/CP-10"],
  startedAt: "2026-11-23T10:00:00.000Z",
  endedAt: "2026-11-23T10:00:14.812Z",
  objectives: { recoveryTimeMs: 300_000, lostWrites: 0, detectionMs: 1_000 },
  policy: { id: "adr-004", sha256: hex("90d2c7") },
  overrides: [],
  seed: 2_871_034_511,
  classReasons: [
    "signed with a local development key",
    "the working tree has uncommitted changes",
    "image by tag, without a registry digest",
  ],
  luckyPass: false,
  waterfall,
  timeline: outage({ backMs: 700, untilMs: 5_000, perSecond: 300 }),
  baseline: { throughputPerSecond: 298.4, latencyP50Ms: 1.9, latencyP99Ms: 7.4 },
  secondEstimate: {
    method: "commit LSN of each acknowledgement against the switch point of timeline 2",
    lowest: 0,
    highest: 0,
    agrees: true,
  },
  indeterminate: { present: 9, absent: 7 },
  discarded: 0,
  lostOperations: [],
  membership: null,
  users: null,
  backups: [],
  restores: [],
  topology: [
    { node: "db.primary", role: "primary", image: "postgres:17" },
    { node: "db.standby", role: "synchronous standby", image: "postgres:17" },
    { node: "proxy", role: "client path", image: "toxiproxy:2.12.0" },
  ],
  settings: [
    {
      node: "db.primary",
      name: "synchronous_commit",
      value: "on",
      matters: "an acknowledged write is on the standby's disk",
    },
    {
      node: "db.primary",
      name: "synchronous_standby_names",
      value: "FIRST 1 (standby)",
      matters: "which standbys must confirm",
    },
    {
      node: "db.primary",
      name: "fsync",
      value: "on",
      matters: "off: a crash of the machine may lose or corrupt anything",
    },
    { node: "db.primary", name: "full_page_writes", value: "on", matters: "off: torn pages after a crash" },
    { node: "db.primary", name: "data_checksums", value: "on", matters: "off: corruption is read as data" },
  ],
  confidence: {
    errorMs: 3.4,
    parts: ["fault bracket 1.8 ms", "probe interval, in the interval already", "longest stall of the harness 1.6 ms"],
    claim: claimFor(1),
  },
  steps: [
    {
      name: "node-loss",
      does: "fault node-loss",
      target: "db.primary",
      started: "1 s after steady state, jitter 200 ms",
      human: false,
    },
    {
      name: "promote",
      does: "recover promote",
      target: "db.standby",
      started: "by the detector: 3 failed probes, 200 ms apart",
      human: false,
    },
  ],
  host: {
    kernel: "6.1.0-32-amd64",
    cpus: 2,
    memoryBytes: 8_254_000_000,
    engine: "Docker 20.10.24",
    node: "v24.21.0",
    blackstart: "0.1.0",
    evaluatorSha256: hex("c01dbeef"),
    dirty: true,
    environmentKind: "container-lab",
    clockSynchronised: true,
    preload: null,
    eventLoopStallMs: 1.6,
  },
  images: [
    {
      component: "db",
      name: "postgres:17",
      id: `sha256:${hex("1f0e")}`,
      digest: `postgres@sha256:${hex("ab12")}`,
      origin: "pulled",
    },
    {
      component: "proxy",
      name: "blackstart/toxiproxy:2.12.0",
      id: `sha256:${hex("77aa")}`,
      digest: null,
      origin: "built",
    },
  ],
  attempts: { number: 3, windowDays: 30, passed: 1, failed: 1, other: 0 },
  intent: { sha256: hex("d15ea5e"), ledgerIndex: 41 },
  keyFingerprint: hex("9c41e07b"),
  selftest: {
    sha256: hex("3f9a01c2"),
    when: "2026-11-23T09:17:40.000Z",
    ageMinutes: 42,
    evaluatorSha256: hex("c01dbeef"),
    sameEvaluator: true,
    ok: true,
    planted: { count: 113, failed: [] },
    real: { count: 3, failed: [], notRun: [] },
  },
};

export const acceptedRisk = (changes: Partial<AcceptedRisk> = {}): AcceptedRisk => ({
  id: "async-standby",
  finding: "no-lost-writes",
  owner: "Dana Ortiz, payments",
  because: "the second site gets its synchronous standby in February",
  from: "2026-11-01",
  until: "2027-03-01",
  state: "in force",
  ...changes,
});

export const report = (changes: Partial<Report> = {}): Report => ({ ...passing, ...changes });

/** An asynchronous standby, replication cut 2 s before the primary was lost: it must lose writes, and it did. */
export const lossyControl = (changes: Partial<Report> = {}): Report =>
  report({
    scenario: "postgres-async-standby-lossy",
    title: "Lossy control: the asynchronous standby lags 2 s behind and takes over",
    sentence: "Replication to db.standby was cut, two seconds later db.primary was lost and db.standby was promoted.",
    verdict: "fail",
    expect: "fail",
    reasons: [
      finding(
        "recovery-time",
        "pass",
        "Writes were served again 702 to 752 ms after the fault was effective; the objective is 5 min.",
      ),
      finding(
        "no-lost-writes",
        "fail",
        "601 of 18,204 acknowledged writes were not there; the oldest was acknowledged 2.01 s before the fault; the objective is 0.",
      ),
    ],
    lost: { count: 601, shape: "suffix", seconds: 2.01, walBytes: 218_456, byStore: { db: 601 } },
    guaranteed: {
      zeroLoss: false,
      why: ["no synchronous standby is named", "synchronous_commit is on, but waits for nobody"],
    },
    secondEstimate: {
      method: "commit LSN of each acknowledgement against the switch point of timeline 2",
      lowest: 600,
      highest: 602,
      agrees: true,
    },
    lostOperations: Array.from({ length: 601 }, (_, i) => ({
      op: `w1-${String(5_310 + i).padStart(6, "0")}`,
      store: "db",
      ackMs: -2010 + i * 3.34,
      node: "db.primary",
      position: `0/30${(0x1a20 + i * 360).toString(16).toUpperCase().padStart(6, "0")}`,
      cause: "committed on db.primary beyond the switch point 0/3001A08 of timeline 2",
    })),
    ...changes,
  });

export const luckyPass = (changes: Partial<Report> = {}): Report =>
  report({
    luckyPass: true,
    guaranteed: { zeroLoss: false, why: ["fsync=off on db.primary", "synchronous_commit=local in the session"] },
    ...changes,
  });

/** The fault had no effect: there is no instant to measure from. */
export const inconclusive = (changes: Partial<Report> = {}): Report =>
  report({
    verdict: "unknown",
    exitCode: EXIT.inconclusive,
    reasons: [
      finding("recovery-time", "unknown", "There is no effective fault to measure from."),
      finding(
        "fault-effect",
        "unknown",
        "node-loss on db.primary: no packet was dropped and every probe went on to succeed.",
      ),
      finding("no-lost-writes", "pass", "All 18,204 acknowledged writes were read back."),
    ],
    recoveryTime: null,
    detection: null,
    waterfall: waterfall.map((line) => ({ ...line, at: null, note: "no effective fault" })),
    timeline: outage({ backMs: 0, untilMs: 5_000, perSecond: 300 }),
    secondEstimate: null,
    overrides: ["steps.0.params.disk=kept"],
    host: { ...passing.host, clockSynchronised: null },
    intent: null,
    keyFingerprint: null,
    ...changes,
  });

/** What a log, a name or an error may hold when somebody means harm. `HOSTILE_MARKER` must never come out as markup. */
export const HOSTILE_MARKER = "<script>alert('hostile')</script>";
const HOSTILE = `${HOSTILE_MARKER}"><img src=https://evil.example/x onerror=1>&lt;]]>\u001b[31mred\u0007\u0000\u202etxt\u2028\ufeff\ud800=cmd|' /C calc'!A0`;

/** Every string of a report replaced, except those that a program reads. */
export function hostile(): Report {
  const kept = new Set([
    "schema",
    "class",
    "verdict",
    "expect",
    "shape",
    "environmentKind",
    "origin",
    "state",
    "startedAt",
    "endedAt",
  ]);
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return kept.has(key) ? value : HOSTILE;
    if (Array.isArray(value)) return value.map((item: unknown) => replace(item, key));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replace(inner, name)]));
  };
  const changes = { overrides: ["x=1"], witnesses: ["w"], acceptances: [acceptedRisk()] };
  return replace(lossyControl({ ...changes, class: "development" }), "") as Report;
}

export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const VOID = new Set(["meta", "br", "img", "link", "input", "hr"]);
const TAG = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;

/**
 * A strict reader for what our templates may produce, HTML, SVG and XML alike: every attribute quoted, every element closed in
 * order, every ampersand a known entity, no control character. Throws at the first offence and returns the start tags.
 */
export function readMarkup(text: string): Tag[] {
  const control =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/.exec(text);
  if (control) throw new Error(`control character ${control[0].charCodeAt(0).toString(16)} at ${control.index}`);
  const entity = /&(?!(?:amp|lt|gt|quot|#39);)/.exec(text);
  if (entity) throw new Error(`bare ampersand at ${entity.index}: ${text.slice(entity.index, entity.index + 30)}`);
  const body = text.replace(/^(?:<!doctype html>|<\?xml version="1\.0" encoding="UTF-8"\?>)\n/, "");
  const tags: Tag[] = [];
  const open: string[] = [];
  for (let at = body.indexOf("<"); at !== -1; at = body.indexOf("<", TAG.lastIndex)) {
    TAG.lastIndex = at;
    const found = TAG.exec(body);
    if (!found) throw new Error(`no tag of ours at ${at}: ${body.slice(at, at + 60)}`);
    const [, closing, name = "", attributes = "", selfClosing] = found;
    if (closing) {
      const expected = open.pop();
      if (expected !== name) throw new Error(`</${name}> closes <${expected}> at ${at}`);
      continue;
    }
    if (!selfClosing && !VOID.has(name)) open.push(name);
    const pairs = Array.from(attributes.matchAll(/([\w:-]+)="([^"]*)"/g), ([, key = "", value = ""]) => [key, value]);
    tags.push({ name, attributes: Object.fromEntries(pairs) });
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(", ")}`);
  return tags;
}
