/**
 * Every damage of the catalogue's groups B and C as a small drill: where it strikes, what it does to the bytes, and what must come of
 * it. Each row becomes a scenario of its own, so that it is judged by all that judges a drill.
 */
export interface Damage {
  readonly id: string;
  /** silent: it starts and is wrong · closed: it refuses, and nothing is lost once it is whole again. */
  readonly outcome: "silent" | "closed" | "lossy" | "zero";
  /** What the control must show; none where nothing is lost. */
  readonly shows?: string;
  readonly text: string;
}

const WAL = "walSegment: 1MiB";
const PLACES = ["first", "middle", "last"] as const;
type Place = (typeof PLACES)[number];

interface Parts {
  readonly id: string;
  readonly covers: string;
  readonly outcome: Damage["outcome"];
  readonly shows?: string;
  readonly stack: readonly string[];
  readonly workload: string;
  readonly verify: string;
  readonly steps: readonly string[];
}

function damage({ id, covers, outcome, shows, stack, workload, verify, steps }: Parts): Damage {
  const text = `id: damage-${id}
title: "${id}"
covers: [${covers}]
objectives: { recoveryTime: 30s }
stack:
${stack.map((line) => `  ${line}`).join("\n")}
workload:
  - ${workload}
steadyState: { hold: 1s }
steps:
${steps.map((step) => `  - ${step}`).join("\n")}
settle: 1s
verify: [${verify}]
outcome: ${outcome}
expect: ${shows === undefined ? "pass" : `fail\n${shows}`}
`;
  return { id, outcome, ...(shows !== undefined && { shows }), text };
}

const LOST = "expectLoss: { min: 1, shape: suffix }";

/** In the archive: the machine is lost, and a new one is made from what is there. */
function inArchive(part: string, where: Place, kind: string, outcome: "silent" | "closed", shows = LOST): Damage {
  const strike = `{ fault: archive-damage, target: db, part: ${part}, where: ${where}, damage: ${kind}, at: { after: 4s } }`;
  const closed = [
    strike,
    "{ fault: node-loss, as: loss, target: db.primary, disk: kept, at: { after: 500ms } }",
    "{ recover: restore, target: db.spare, expect: refused }",
    "{ heal: loss }",
    "{ recover: start, target: db.primary }",
  ];
  const silent = [
    strike,
    "{ fault: node-loss, target: db.primary, at: { after: 500ms } }",
    "{ recover: restore, target: db.spare }",
  ];
  return damage({
    id: `archive-${part}-${where}-${kind}`,
    covers: "B1",
    outcome,
    ...(outcome === "silent" && { shows }),
    stack: [
      "store: { kind: s3, provider: versitygw }",
      `db: { kind: postgres, ${WAL}, archive: { tool: plain, to: store }, spares: [{ name: spare }] }`,
    ],
    workload: "{ kind: ledger, target: db, rate: 400/s, connections: 8, payload: 1900B }",
    verify: "no-lost-writes, balances, checksums, amcheck",
    steps: outcome === "silent" ? silent : closed,
  });
}

const CRASHED = "{ fault: process-crash, target: db.primary, at: { after: 3s } }";
const SHUT_DOWN = "{ fault: shutdown, target: db.primary, signal: SIGINT, at: { after: 1s } }";
const START = "{ recover: start, target: db.primary }";
const struck = (place: string, kind: string): string =>
  `{ fault: file-damage, as: damage, target: db.primary, place: { ${place} }, damage: ${kind} }`;
/** It refuses to start; with the file as it was it has everything. */
const refused = ["{ recover: start, target: db.primary, expect: refused }", "{ heal: damage }", START];

/** In pg_wal after a crash: the same machine starts again. */
function inWal(where: Place, kind: string, outcome: "silent" | "closed"): Damage {
  return damage({
    id: `wal-${where}-${kind}`,
    covers: outcome === "silent" ? "C7" : "C8",
    outcome,
    ...(outcome === "silent" && { shows: LOST }),
    stack: [`db: { kind: postgres, ${WAL}, settings: { bgwriter_lru_maxpages: 0 } }`],
    workload: "{ kind: ledger, target: db, rate: 300/s, connections: 8, payload: 1900B }",
    verify: "no-lost-writes, balances, checksums, amcheck",
    steps: [CRASHED, struck(`what: wal-segment, where: ${where}`, kind), ...(outcome === "silent" ? [START] : refused)],
  });
}

interface OnDisk {
  readonly id: string;
  readonly place: string;
  readonly kind: string;
  readonly outcome: Damage["outcome"];
  readonly shows?: string;
  readonly checksums?: boolean;
}

/** In a file that the server reads as it stands: it was shut down in order, and starts again. */
function onDisk({ id, place, kind, outcome, shows, checksums = true }: OnDisk): Damage {
  return damage({
    id,
    covers: outcome === "closed" ? "C8" : "C12",
    outcome,
    ...(shows !== undefined && { shows }),
    stack: [`db: { kind: postgres, settings: { autovacuum: off }${checksums ? "" : ", checksums: false"} }`],
    workload: "{ kind: ledger, target: db, rate: 300/s, connections: 8, transfers: 0 }",
    verify: checksums ? "no-lost-writes, checksums, amcheck" : "no-lost-writes, amcheck",
    steps: [SHUT_DOWN, struck(place, kind), ...(outcome === "closed" ? refused : [START])],
  });
}

const HOLE = "expectLoss: { min: 1, max: 120, shape: hole }";

/** The server itself refuses to hand out what stands on the page. */
const pageErrors = (where: Place, place: string): Damage[] => [
  onDisk({
    id: `heap-${where}-flip`,
    place,
    kind: "flip",
    outcome: "lossy",
    shows: `${HOLE}\nexpectFailed: [no-lost-writes, checksums, amcheck]`,
  }),
  onDisk({
    id: `heap-${where}-header-zeroed`,
    place,
    kind: "zero-range, bytes: 16",
    outcome: "lossy",
    shows: `${HOLE}\nexpectFailed: [no-lost-writes, amcheck]`,
  }),
];

const heap = (where: Place): Damage[] => {
  const place = `what: heap, where: ${where}`;
  return [
    // On the last page, which new rows go to, every write is refused as well.
    ...(where === "last" ? [] : pageErrors(where, place)),
    onDisk({
      id: `heap-${where}-flip-without-checksums`,
      place,
      kind: "flip",
      outcome: "silent",
      shows: "expectMutated: { min: 1, max: 1 }",
      checksums: false,
    }),
    onDisk({ id: `heap-${where}-page-zeroed`, place, kind: "zero-range", outcome: "silent", shows: HOLE }),
  ];
};

/** Of a segment of the archive: only its size is an error to the server, and only before the backup is consistent anything else. */
const SEGMENT_DAMAGES = ["delete", "flip", "zero-tail", "wrong-content", "swap", "truncate", "empty"] as const;
const WAL_DAMAGES = ["flip", "zero-tail", "truncate", "delete"] as const;

export const damages: readonly Damage[] = [
  ...PLACES.flatMap((where) =>
    SEGMENT_DAMAGES.map((kind) =>
      inArchive(
        "segment",
        where,
        kind,
        where === "first" || kind === "truncate" || kind === "empty" ? "closed" : "silent",
      ),
    ),
  ),
  ...["truncate", "delete"].map((kind) => inArchive("base", "last", kind, "closed")),
  inArchive("manifest", "last", "delete", "closed"),
  ...PLACES.flatMap((where) =>
    WAL_DAMAGES.map((kind) => inWal(where, kind, where === "first" && kind === "delete" ? "closed" : "silent")),
  ),
  ...PLACES.flatMap(heap),
  onDisk({
    id: "heap-last-cut",
    place: "what: heap, where: last",
    kind: "truncate, share: 0",
    outcome: "silent",
    shows: HOLE,
  }),
  onDisk({
    id: "index-middle-flip-without-checksums",
    place: "what: index",
    kind: "flip",
    outcome: "silent",
    shows: "expectFailed: [amcheck]",
    checksums: false,
  }),
  onDisk({
    id: "clog-middle-flip",
    place: "what: clog",
    kind: "flip",
    outcome: "silent",
    shows: "expectLoss: { min: 1, max: 1, shape: hole }",
  }),
  onDisk({ id: "control-flip", place: "what: control", kind: "flip", outcome: "closed" }),
  onDisk({ id: "control-delete", place: "what: control", kind: "delete", outcome: "closed" }),
];
