import type { Node } from "../../node.ts";
import type { PageWrite } from "../../place.ts";
import { formatPosition, parsePosition } from "../../position.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { ledgerRows, PAGE_BYTES, type PageRow } from "./disk-format.ts";
import { controlOf, DATA, readFile } from "./places.ts";

const ADMIN_TIMEOUT_MS = 2_000;
/** How long the load may take to begin a page, and the server to write it again. */
const PATIENCE_MS = 30_000;
/** New pages are begun near the end of the table, one or a few for each client. */
const LOOK_AT_PAGES = 64;
/** A disk writes one of these whole or not at all. */
const SECTOR_BYTES = 512;

interface Begun {
  readonly block: number;
  readonly before: Buffer;
  /** Where a recovery begins that has to make the page whole again. */
  readonly redo: string;
}

/**
 * A page that a finished checkpoint has put on the disk with few rows goes on filling in memory; when the server writes it again, in
 * a checkpoint that has only begun, the server is killed. At that instant a real disk may hold any sector of the page in either
 * state, and a recovery begins at the checkpoint before: with full_page_writes its WAL has the whole page, without only the changes.
 */
export async function crashInPageWrite(
  node: Node,
  admin: AdminConnections,
  heap: string,
  signal: AbortSignal,
): Promise<PageWrite> {
  const pageNow = (block: number): Promise<Buffer> => readPages(admin, node, heap, block, 1);
  const { block, before, redo } = await beginPage(node, admin, heap, signal);
  const written = await awaitCondition(async () => !(await pageNow(block)).equals(before), {
    everyMs: 2,
    timeoutMs: PATIENCE_MS,
    signal,
  });
  if (!written)
    throw new Error(
      `${node.name} did not write page ${block} of the ledger again within ${PATIENCE_MS} ms; a small max_wal_size makes it do so`,
    );
  const at = await node.kill("SIGKILL");
  const control = await controlOf(node);
  if (formatPosition(control.redo) !== redo)
    throw new Error(
      `a checkpoint of ${node.name} ended before the server was killed: what it wrote can no longer be torn; make checkpoints longer with checkpoint_completion_target`,
    );
  const path = `${DATA}/${heap}`;
  const from = block * PAGE_BYTES;
  const after = (await readFile(node, path)).subarray(from, from + PAGE_BYTES);
  const rows = ledgerRows(after);
  const known = new Set(ledgerRows(before).map(({ op }) => op));
  return {
    at,
    before,
    page: {
      path,
      from,
      to: from + PAGE_BYTES,
      unit: PAGE_BYTES,
      words: `page ${block}, ${known.size} rows in its older state and ${rows.length} in its new one`,
      elements: rows.map((row) => ({ op: row.op, from: from + row.from, to: from + row.to })),
    },
    tearAt: tearAt(rows.filter(({ op }) => !known.has(op))),
    words: `written by a checkpoint that had not ended: pg_control still says redo from ${redo}, as before`,
  };
}

/** The first checkpoint, and a page of it that has room for more rows in the half that a torn write will not reach. */
async function beginPage(node: Node, admin: AdminConnections, heap: string, signal: AbortSignal): Promise<Begun> {
  let begun: Begun | undefined;
  await awaitCondition(
    async () => {
      await admin.query(node.name, "CHECKPOINT", 30_000);
      const text = `SELECT redo_lsn::text AS redo,
        (pg_relation_size('blackstart.ledger') / ${PAGE_BYTES})::int AS pages FROM pg_control_checkpoint()`;
      const [row] = await admin.query(node.name, text, ADMIN_TIMEOUT_MS);
      const first = Math.max(0, Number(row?.["pages"]) - LOOK_AT_PAGES);
      const content = await readPages(admin, node, heap, first, LOOK_AT_PAGES);
      const redoAt = parsePosition(textOf(row, "redo")) ?? 0n;
      for (let at = 0; at + PAGE_BYTES <= content.length; at += PAGE_BYTES) {
        const page = content.subarray(at, at + PAGE_BYTES);
        // What was begun behind the redo point is made anew from its first record, however it is torn.
        if (pageLsn(page) >= redoAt) continue;
        const lowest = Math.min(...ledgerRows(page).map(({ from }) => from));
        if (lowest === Infinity || lowest < (PAGE_BYTES * 3) / 4) continue;
        begun = { block: first + at / PAGE_BYTES, before: Buffer.from(page), redo: textOf(row, "redo") };
        return true;
      }
      return false;
    },
    { everyMs: 50, timeoutMs: PATIENCE_MS, signal },
  );
  if (!begun)
    throw new Error(`no page of the ledger on ${node.name} had only just been begun within ${PATIENCE_MS} ms`);
  return begun;
}

/** Of the last record that changed the page: pd_lsn, two 32-bit halves, the high one first (storage/bufpage.h). */
const pageLsn = (page: Buffer): bigint => (BigInt(page.readUInt32LE(0)) << 32n) | BigInt(page.readUInt32LE(4));

async function readPages(
  admin: AdminConnections,
  node: Node,
  heap: string,
  block: number,
  count: number,
): Promise<Buffer> {
  const text = `SELECT encode(pg_read_binary_file('${heap}', ${block * PAGE_BYTES}, ${count * PAGE_BYTES}), 'base64') AS bytes`;
  return Buffer.from(textOf((await admin.query(node.name, text, ADMIN_TIMEOUT_MS))[0], "bytes"), "base64");
}

/**
 * The sector nearest to the middle whose start lies in the payload of a new row: exactly one row is then left with other content,
 * and those behind it are gone. A row cut in its header would be anything at all, and no count could be declared of it.
 */
export function tearAt(rows: readonly PageRow[]): number {
  const middle = PAGE_BYTES / 2;
  const sectors = Array.from({ length: PAGE_BYTES / SECTOR_BYTES - 1 }, (_, i) => (i + 1) * SECTOR_BYTES).toSorted(
    (a, b) => Math.abs(a - middle) - Math.abs(b - middle),
  );
  const inPayload = (at: number): boolean => rows.some(({ payload }) => at > payload.from && at < payload.to);
  const betweenRows = (at: number): boolean => rows.every(({ from, to }) => at <= from || at >= to);
  return sectors.find(inPayload) ?? sectors.find(betweenRows) ?? middle;
}
