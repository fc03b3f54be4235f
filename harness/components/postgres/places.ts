import { messageOf } from "../../errors.ts";
import { formatPosition } from "../../position.ts";
import { named } from "../named.ts";
import type { Node } from "../../node.ts";
import { type Location, pickAt, type PlacedElement, type Where } from "../../place.ts";
import {
  CONTROL_BYTES,
  type Control,
  leafEntries,
  ledgerRows,
  PAGE_BYTES,
  type PageRow,
  readControl,
  SEGMENT_HEAD_BYTES,
  type Segment,
  segmentsSinceRedo,
  writtenBytes,
} from "./disk-format.ts";
import type { PLACES } from "./kind.ts";

const TIMEOUT_MS = 60_000;
/** The server's own folder on the disk. */
export const DATA = "data";
const CONTROL = `${DATA}/global/pg_control`;

/** Files of the ledger, relative to the server's folder; asked of the server while it ran. */
export interface Relations {
  readonly heap: string;
  readonly index: string;
}

type Finder = (node: Node, relations: Relations, where: Where) => Promise<Location>;

/**
 * Everything is read out of the bytes on the disk: the server may be down, and what it would say of damage is what a drill is there
 * to find out. Rows are looked for where no full-page image in the WAL can put them back: on the disk of a server that has shut down
 * in order, or after a crash only as far as the scenario means the WAL to be replayed.
 */
export async function findPlace(node: Node, relations: Relations, what: string, where: Where): Promise<Location> {
  const finder = named(finders, what, "place");
  try {
    return await finder(node, relations, where);
  } catch (thrown) {
    throw new Error(`${where} ${what} of ${node.name}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

const finders: Readonly<Record<keyof typeof PLACES, Finder>> = {
  "wal-segment": (node, _, where) => walSegment(node, where),
  "wal-page": (node, _, where) => walPage(node, where),
  heap: (node, { heap }, where) => heapPage(node, heap, where),
  index: (node, { index }, where) => indexPage(node, index, where),
  clog: (node, { heap }, where) => clogByte(node, heap, where),
  // Before it stand the version, which would be called another's file, and after it what is not looked at.
  control: async () => ({ path: CONTROL, from: 32, to: 256, words: "", elements: [] }),
  "backup-label": (node) =>
    only(node, `${DATA}/backup_label`, "first", "it is there from a restore until the server has started on it"),
  "history-file": (node, _, where) =>
    only(node, `${DATA}/pg_wal/*.history`, where, "there is one once a server was promoted"),
};

async function ask(node: Node, script: string, ...args: string[]): Promise<string> {
  const said = await node.onDisk(["sh", "-c", `set -eu; cd "$1"; ${script}`, "sh", node.disk, ...args], {
    timeoutMs: TIMEOUT_MS,
  });
  if (said.code !== 0) throw new Error(`on the disk of ${node.name}: ${said.stderr.trim() || `exit ${said.code}`}`);
  return said.stdout;
}

export const readFile = async (node: Node, path: string): Promise<Buffer> =>
  Buffer.from(await ask(node, 'base64 <"$2"', path), "base64");

/** The control file, whether or not a server runs on it. */
export const controlOf = async (node: Node): Promise<Control> =>
  readControl(Buffer.from(await ask(node, 'head -c "$3" "$2" | base64', CONTROL, String(CONTROL_BYTES)), "base64"));

async function only(node: Node, pattern: string, where: Where, whenThere: string): Promise<Location> {
  const said = await ask(node, 'for f in $2; do if [ -f "$f" ]; then echo "$f $(wc -c <"$f")"; fi; done', pattern);
  const found = said.split("\n").filter(Boolean).toSorted();
  const [path = "", size = ""] = pick(found, where, `there is no ${pattern}; ${whenThere}`).split(" ");
  return { path, from: 0, to: Number(size), words: "", elements: [] };
}

function pick<T>(list: readonly T[], where: Where, whenNone: string): T {
  const found = pickAt(list, where);
  if (found === undefined) throw new Error(whenNone);
  return found;
}

const SEGMENTS = `head -c "$3" "$2" | base64 | tr -d '\\n'; echo
  for f in ${DATA}/pg_wal/????????????????????????; do
    if [ -f "$f" ]; then echo "\${f##*/} $(wc -c <"$f") $(head -c "$4" "$f" | base64 | tr -d '\\n')"; fi
  done`;

async function segmentsOf(node: Node): Promise<{ control: Control; segments: Segment[] }> {
  const said = await ask(node, SEGMENTS, CONTROL, String(CONTROL_BYTES), String(SEGMENT_HEAD_BYTES));
  const [first = "", ...lines] = said.trim().split("\n");
  const control = readControl(Buffer.from(first, "base64"));
  const files = lines.map((line) => {
    const [name = "", size = "", head = ""] = line.trim().split(/\s+/);
    return { name, size: Number(size), head: Buffer.from(head, "base64") };
  });
  return { control, segments: segmentsSinceRedo(control, files) };
}

/** A checkpoint's record takes less; damage to it is another case than damage to what follows. */
const CHECKPOINT_RECORD_BYTES = 256;
/** In the very end of the WAL there may be nothing that any client has been told of. */
const LEAST_OF_A_SEGMENT = 1 / 4;

/** The bytes of a segment that a recovery reads beyond what it needs to begin at all. */
interface Stretch {
  readonly segment: Segment;
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

async function stretchesOf(node: Node): Promise<{ control: Control; stretches: Stretch[] }> {
  const { control, segments } = await segmentsOf(node);
  const last = segments.at(-1)!;
  const written = writtenBytes(last, await readFile(node, `${DATA}/pg_wal/${last.name}`));
  const stretches = segments.map((segment) => {
    const inside = (position: bigint): number | null =>
      position >= segment.start && position < segment.start + BigInt(segment.bytes)
        ? Number(position - segment.start)
        : null;
    const [checkpoint, redo] = [inside(control.checkpoint), inside(control.redo)];
    const to = segment === last ? written : segment.bytes;
    const from = checkpoint === null ? (redo ?? 0) : checkpoint + CHECKPOINT_RECORD_BYTES;
    return { segment, path: `${DATA}/pg_wal/${segment.name}`, from: Math.min(from, to), to };
  });
  return { control, stretches };
}

async function walSegment(node: Node, where: Where): Promise<Location> {
  const { control, stretches } = await stretchesOf(node);
  if (where === "middle" && stretches.length < 3)
    throw new Error(
      `the WAL since the redo point is ${stretches.length} segments, and only three have a middle one; write more, or make them smaller with walSegment`,
    );
  const short = stretches.length > 1 && stretches.at(-1)!.to < stretches.at(-1)!.segment.bytes * LEAST_OF_A_SEGMENT;
  const { path, from, to } = pick(short && where === "last" ? stretches.slice(0, -1) : stretches, where, "");
  const number = stretches.findIndex((stretch) => stretch.path === path) + 1;
  const words = `segment ${number} of ${stretches.length} from the redo point ${formatPosition(control.redo)} on`;
  return { path, from, to, words, elements: [] };
}

async function walPage(node: Node, where: Where): Promise<Location> {
  const { stretches } = await stretchesOf(node);
  const pages = stretches.flatMap(({ path, from, to }) => {
    const first = Math.ceil(from / PAGE_BYTES);
    return Array.from({ length: Math.max(0, Math.floor(to / PAGE_BYTES) - first) }, (_, i) => ({
      path,
      page: first + i,
    }));
  });
  const { path, page } = pick(
    pages,
    where,
    "the WAL since the redo point has no whole page; write more before the fault",
  );
  const from = page * PAGE_BYTES;
  return { path, from, to: from + PAGE_BYTES, unit: PAGE_BYTES, words: `page ${page} of the segment`, elements: [] };
}

const pagesOf = (content: Buffer): Buffer[] =>
  Array.from({ length: Math.floor(content.length / PAGE_BYTES) }, (_, i) =>
    content.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES),
  );

/** A page of a relation, with what all of its pages hold. */
interface FoundPage<Entry> {
  readonly block: number;
  readonly entries: readonly Entry[];
}

function pagesWith<Entry>(content: Buffer, read: (page: Buffer) => Entry[]): FoundPage<Entry>[] {
  return pagesOf(content)
    .map((page, block) => ({ block, entries: read(page) }))
    .filter(({ entries }) => entries.length > 0);
}

const elementsOf = (pages: readonly FoundPage<{ op: string; from: number; to: number }>[]): PlacedElement[] =>
  pages.flatMap(({ block, entries }) =>
    entries.map(({ op, from, to }) => ({ op, from: block * PAGE_BYTES + from, to: block * PAGE_BYTES + to })),
  );

const middleOf = <T>(list: readonly T[]): T => list[Math.floor(list.length / 2)]!;

const WRITTEN = "rows get there when the server ends in order or makes a checkpoint";

/** A whole page, and the value inside of it whose offsets are those within the page. */
const pageAt = (path: string, block: number, value: { from: number; to: number }) => {
  const from = block * PAGE_BYTES;
  return {
    path,
    from,
    to: from + PAGE_BYTES,
    value: { from: from + value.from, to: from + value.to },
    unit: PAGE_BYTES,
  };
};

export function rowsLocation(path: string, content: Buffer, where: Where): Location {
  const pages = pagesWith(content, ledgerRows);
  const { block, entries } = pick(
    pages,
    where,
    `no page of ${path} holds a row of the ledger that can be read; ${WRITTEN}`,
  );
  const { op, payload } = middleOf(entries);
  return {
    ...pageAt(path, block, payload),
    words: `page ${block}, one of ${pages.length} with rows, has ${entries.length} of them, ${op} among them`,
    elements: elementsOf(pages),
  };
}

const heapPage = async (node: Node, heap: string, where: Where): Promise<Location> =>
  rowsLocation(`${DATA}/${heap}`, await readFile(node, `${DATA}/${heap}`), where);

async function indexPage(node: Node, index: string, where: Where): Promise<Location> {
  const path = `${DATA}/${index}`;
  const pages = pagesWith(await readFile(node, path), leafEntries);
  const { block, entries } = pick(pages, where, `${path} has no leaf page with entries that can be read; ${WRITTEN}`);
  const key = middleOf(entries);
  return {
    ...pageAt(path, block, key),
    words: `page ${block}, one of ${pages.length} leaves, has ${entries.length} entries, ${key.op} among them`,
    elements: [], // what an index names stands in the table, and is read from there
  };
}

/** Two bits a transaction, four transactions a byte, the first in the lowest bits; 32 pages a file. */
const PER_BYTE = 4;
const PER_FILE = PER_BYTE * PAGE_BYTES * 32;

/** Of rows that carry the note already nobody looks the transaction up again: damage there would change nothing. */
async function clogByte(node: Node, heap: string, where: Where): Promise<Location> {
  const content = await readFile(node, `${DATA}/${heap}`);
  const rows = pagesWith(content, ledgerRows)
    .flatMap(({ entries }) => entries)
    .filter((row) => !row.hinted)
    .toSorted((a, b) => a.xmin - b.xmin);
  // The lowest bit of a byte belongs to the first of its four transactions.
  const { xmin, op } = pick(
    rows.filter((row) => row.xmin % PER_BYTE === 0),
    where,
    `of the ${rows.length} rows of ${heap} on which nobody has noted yet how their transaction ended, none is the first of its byte; write more, and strike before anybody reads it`,
  );
  const file = Math.floor(xmin / PER_FILE);
  const at = (row: PageRow): number => (row.xmin % PER_FILE) / PER_BYTE;
  const from = Math.floor(at({ xmin } as PageRow));
  return {
    path: `${DATA}/pg_xact/${file.toString(16).toUpperCase().padStart(4, "0")}`,
    from,
    to: from + 1,
    words: `how transaction ${xmin} ended, which wrote ${op}`,
    elements: rows
      .filter((row) => Math.floor(row.xmin / PER_FILE) === file)
      .map((row) => ({ op: row.op, from: at(row), to: at(row) + 1 / PER_BYTE })),
  };
}
