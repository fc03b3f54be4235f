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
  /** A row of the catalogue; empty where it names the damage and gives it no row. */
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

/** What must come of a damage to history: a loss without a word, or a refusal in these words. */
type Comes = "a silent loss" | { readonly refused: string };
const silent = (comes: Comes): comes is "a silent loss" => comes === "a silent loss";
const outcomeOf = (comes: Comes): Pick<Parts, "outcome" | "shows"> =>
  silent(comes) ? { outcome: "silent", shows: LOST } : { outcome: "closed" };

/** In the archive: the machine is lost, and a new one is made from what is there. */
function inArchive(covers: string, part: string, where: Place, kind: string, comes: Comes): Damage {
  const strike = `{ fault: archive-damage, target: db, part: ${part}, where: ${where}, damage: ${kind}, at: { after: 4s } }`;
  const restored = silent(comes)
    ? ["{ fault: node-loss, target: db.primary, at: { after: 500ms } }", "{ recover: restore, target: db.spare }"]
    : [
        "{ fault: node-loss, as: loss, target: db.primary, disk: kept, at: { after: 500ms } }",
        `{ recover: restore, target: db.spare, expect: refused, because: "${comes.refused}" }`,
        "{ heal: loss }",
        START,
      ];
  return damage({
    id: `archive-${part}-${where}-${kind}`,
    covers,
    ...outcomeOf(comes),
    stack: [
      "store: { kind: s3, provider: versitygw }",
      `db: { kind: postgres, ${WAL}, archive: { tool: plain, to: store }, spares: [{ name: spare }] }`,
    ],
    workload: "{ kind: ledger, target: db, rate: 400/s, connections: 8, payload: 1900B }",
    verify: "no-lost-writes, balances, checksums, amcheck",
    steps: [strike, ...restored],
  });
}

const CRASHED = "{ fault: process-crash, target: db.primary, at: { after: 3s } }";
const SHUT_DOWN = "{ fault: shutdown, target: db.primary, signal: SIGINT, at: { after: 1s } }";
const START = "{ recover: start, target: db.primary }";
const struck = (place: string, kind: string): string =>
  `{ fault: file-damage, as: damage, target: db.primary, place: { ${place} }, damage: ${kind} }`;
/** It refuses to start; with the file as it was it has everything. */
const refusedThenHealed = (because: string): string[] => [
  `{ recover: start, target: db.primary, expect: refused, because: "${because}" }`,
  "{ heal: damage }",
  START,
];

/** In pg_wal after a crash: the same machine starts again. */
function inWal(where: Place, kind: string, comes: Comes): Damage {
  return damage({
    id: `wal-${where}-${kind}`,
    covers: silent(comes) ? "C7" : "C8",
    ...outcomeOf(comes),
    stack: [`db: { kind: postgres, ${WAL}, settings: { bgwriter_lru_maxpages: 0 } }`],
    workload: "{ kind: ledger, target: db, rate: 300/s, connections: 8, payload: 1900B }",
    verify: "no-lost-writes, balances, checksums, amcheck",
    steps: [
      CRASHED,
      struck(`what: wal-segment, where: ${where}`, kind),
      ...(silent(comes) ? [START] : refusedThenHealed(comes.refused)),
    ],
  });
}

interface OnDisk {
  readonly id: string;
  readonly place: string;
  readonly kind: string;
  readonly covers: string;
  readonly outcome: Damage["outcome"];
  readonly shows?: string;
  /** The words of the refusal; it starts where there are none. */
  readonly refused?: string;
  readonly checksums?: boolean;
}

/** In a file that the server reads as it stands: it was shut down in order, and starts again. */
function onDisk({ id, place, kind, covers, outcome, shows, refused, checksums = true }: OnDisk): Damage {
  return damage({
    id,
    covers,
    outcome,
    ...(shows !== undefined && { shows }),
    stack: [`db: { kind: postgres, settings: { autovacuum: off }${checksums ? "" : ", checksums: false"} }`],
    workload: "{ kind: ledger, target: db, rate: 300/s, connections: 8, transfers: 0 }",
    verify: checksums ? "no-lost-writes, checksums, amcheck" : "no-lost-writes, amcheck",
    steps: [SHUT_DOWN, struck(place, kind), ...(refused === undefined ? [START] : refusedThenHealed(refused))],
  });
}

const HOLE = "expectLoss: { min: 1, max: 120, shape: hole }";

/** The server itself refuses to hand out what stands on the page. */
const pageErrors = (where: Place, place: string): Damage[] => [
  onDisk({
    id: `heap-${where}-flip`,
    place,
    kind: "flip",
    covers: "C9",
    outcome: "lossy",
    shows: `${HOLE}\nexpectFailed: [no-lost-writes, checksums, amcheck]`,
  }),
  onDisk({
    id: `heap-${where}-header-zeroed`,
    place,
    kind: "zero-range, bytes: 16",
    covers: "C12",
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
      covers: "C11",
      outcome: "silent",
      shows: "expectMutated: { min: 1, max: 1 }",
      checksums: false,
    }),
    onDisk({
      id: `heap-${where}-page-zeroed`,
      place,
      kind: "zero-range",
      covers: "C12",
      outcome: "silent",
      shows: HOLE,
    }),
  ];
};

const ofControl = (kind: string, refused: string): Damage =>
  onDisk({ id: `control-${kind}`, place: "what: control", kind, covers: "", outcome: "closed", refused });

const WRONG_SIZE = ["truncate", "empty"];
/** Each damage to a segment of the archive, and the catalogue's row for it where the backup is consistent already. */
const SEGMENT_DAMAGES = {
  delete: "C3",
  flip: "C1",
  "zero-tail": "C5",
  "wrong-content": "C5",
  swap: "C5",
  truncate: "C4",
  empty: "C4",
};

/** Only a segment's size is an error to the server, and anything else only before the backup is consistent. */
function ofSegment(where: Place, kind: keyof typeof SEGMENT_DAMAGES): Damage {
  const covers = SEGMENT_DAMAGES[kind];
  if (WRONG_SIZE.includes(kind)) return inArchive(covers, "segment", where, kind, { refused: "has wrong size" });
  if (where !== "first") return inArchive(covers, "segment", where, kind, "a silent loss");
  return inArchive("C6", "segment", where, kind, { refused: "could not locate required checkpoint record" });
}

const WAL_DAMAGES = ["flip", "zero-tail", "truncate", "delete"] as const;
const inWalAt = (where: Place, kind: (typeof WAL_DAMAGES)[number]): Damage =>
  inWal(
    where,
    kind,
    where === "first" && kind === "delete"
      ? { refused: "could not locate a valid checkpoint record" }
      : "a silent loss",
  );

const kinds = Object.keys(SEGMENT_DAMAGES) as (keyof typeof SEGMENT_DAMAGES)[];

export const damages: readonly Damage[] = [
  ...PLACES.flatMap((where) => kinds.map((kind) => ofSegment(where, kind))),
  inArchive("", "base", "last", "truncate", { refused: "Unexpected EOF in archive" }),
  inArchive("", "base", "last", "delete", { refused: "The requested URL returned error: 404" }),
  inArchive("", "manifest", "last", "delete", { refused: "the archive holds no backup" }),
  ...PLACES.flatMap((where) => WAL_DAMAGES.map((kind) => inWalAt(where, kind))),
  ...PLACES.flatMap(heap),
  onDisk({
    id: "heap-last-cut",
    place: "what: heap, where: last",
    kind: "truncate, share: 0",
    covers: "C12",
    outcome: "silent",
    shows: HOLE,
  }),
  onDisk({
    id: "index-middle-flip-without-checksums",
    place: "what: index",
    kind: "flip",
    covers: "C11",
    outcome: "silent",
    shows: "expectFailed: [amcheck]",
    checksums: false,
  }),
  onDisk({
    id: "clog-middle-flip",
    place: "what: clog",
    kind: "flip",
    covers: "C12",
    outcome: "silent",
    shows: "expectLoss: { min: 1, max: 1, shape: hole }",
  }),
  ofControl("flip", "incorrect checksum in control file"),
  ofControl("delete", "could not find the database system"),
];
