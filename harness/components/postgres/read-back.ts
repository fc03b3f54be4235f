import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { ReadBackSink } from "../../component.ts";
import { messageOf } from "../../errors.ts";
import { contentSha256 } from "../../workload/content.ts";
import type { AdminConnections, Row } from "./admin.ts";

/** A connection that answers one question at a time; see AdminConnections.open. */
interface Session {
  ask(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): void;
}

type OpenSession = () => Promise<Session>;

const READ_TIMEOUT_MS = 120_000;
/** Damage that is read may end the server; it is back in a moment or not at all. */
const REOPEN_TIMEOUT_MS = 30_000;
const REOPEN_EVERY_MS = 50;

/** Opens sessions; all but the first wait for a server that may be just coming back. Rejects when it does not. */
export function patiently(admin: AdminConnections, node: string): OpenSession {
  let patienceMs = 0;
  return async () => {
    const endMs = performance.now() + patienceMs;
    patienceMs = REOPEN_TIMEOUT_MS;
    for (;;) {
      try {
        return await admin.open(node, READ_TIMEOUT_MS);
      } catch (thrown) {
        if (performance.now() >= endMs) throw thrown;
        await sleep(REOPEN_EVERY_MS);
      }
    }
  };
}

/** Rows are fetched in pieces of the table; 4 MiB of it at once as long as nothing is wrong. */
const PAGES_AT_ONCE = 512;
/** No page of 8 KiB has more line pointers (MaxHeapTuplesPerPage). */
const LINES = 291;

/**
 * A count or an index-only scan can pass over a damaged page; every row has to be fetched from the heap, and its content compared.
 * With scans of the whole table off as well, a range of pages is read as that range and touches no other page.
 */
const BY_PAGES =
  "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SET enable_seqscan = off; SET statement_timeout = 0";
const BY_INDEX =
  "SET enable_indexscan = on; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SET enable_seqscan = off";

/** Pages from one up to another, or one line of a page. */
type Piece =
  | { readonly from: number; readonly to: number }
  | { readonly from: number; readonly to: number; readonly line: number };

type RowSink = Pick<ReadBackSink, "attempted" | "element" | "unreadable">;

/**
 * Every row of the ledger that can be read, its hash taken from what was read. A page that cannot be read costs only itself, and one
 * row that cannot only itself; what the index still knows of them is reported by name, row by row.
 */
export async function readLedger(open: OpenSession, store: string, sink: RowSink): Promise<void> {
  const session = new PatientSession(open);
  const seen = new Set<string>();
  const refused: { piece: Piece; why: string }[] = [];
  try {
    await session.use(BY_PAGES);
    const [size] = await session.ask(
      "SELECT (pg_relation_size('blackstart.ledger') / current_setting('block_size')::int)::int AS pages",
    );
    const left = pieces(0, Number(size!["pages"]), PAGES_AT_ONCE);
    for (let piece = left.shift(); piece; piece = left.shift()) {
      try {
        for (const row of await session.ask(rowsOf(piece))) {
          const element = elementOf(row);
          seen.add(element.op);
          sink.element({ ...element, store });
        }
      } catch (thrown) {
        if (thrown instanceof NotBack) throw thrown;
        const smaller = piecesOf(piece, thrown);
        if (smaller.length === 0) refused.push({ piece, why: messageOf(thrown) });
        left.unshift(...smaller);
      }
    }
    if (refused.length > 0) await nameUnreadable(session, store, seen, refused, sink);
  } finally {
    session.close();
  }
}

const pieces = (from: number, to: number, size: number): Piece[] =>
  Array.from({ length: Math.ceil((to - from) / size) }, (_, i) => ({
    from: from + i * size,
    to: Math.min(to, from + (i + 1) * size),
  }));

/** What a piece that could not be read falls into; nothing when it is known to be the damage itself. */
function piecesOf(piece: Piece, thrown: unknown): Piece[] {
  if ("line" in piece) return [];
  const count = piece.to - piece.from;
  if (count > 1) return pieces(piece.from, piece.to, Math.ceil(count / 2));
  const whole = thrown instanceof pg.DatabaseError && /invalid page|could not read block/.test(thrown.message);
  return whole ? [] : Array.from({ length: LINES }, (_, i) => ({ ...piece, line: i + 1 }));
}

const COLUMNS = "op, payload, debit, credit, amount";
const rowsOf = (piece: Piece): string =>
  "line" in piece
    ? `SELECT ${COLUMNS} FROM blackstart.ledger WHERE ctid = '(${piece.from},${piece.line})'`
    : `SELECT ${COLUMNS} FROM blackstart.ledger WHERE ctid >= '(${piece.from},0)' AND ctid < '(${piece.to},0)'`;

function elementOf(row: Row) {
  const transfer =
    row["debit"] === null
      ? null
      : { from: Number(row["debit"]), to: Number(row["credit"]), amount: Number(row["amount"]) };
  const [op, payload] = [String(row["op"]), String(row["payload"])];
  return { op, sha256: contentSha256({ op, payload, transfer }), transfer };
}

/** What was not found is looked up by its name: the index leads to the page that cannot be read, or nowhere. */
async function nameUnreadable(
  session: PatientSession,
  store: string,
  seen: ReadonlySet<string>,
  refused: readonly { piece: Piece; why: string }[],
  sink: RowSink,
): Promise<void> {
  await session.use(BY_INDEX);
  let named = 0;
  for (const op of sink.attempted(store)) {
    if (seen.has(op)) continue;
    try {
      await session.ask("SELECT payload FROM blackstart.ledger WHERE op = $1", [op]);
    } catch (thrown) {
      if (thrown instanceof NotBack) throw thrown;
      named++;
      sink.unreadable({ store, op, why: messageOf(thrown) });
    }
  }
  if (named > 0) return;
  for (const { piece, why } of refused) sink.unreadable({ store, op: pieceWords(piece), why });
}

const pieceWords = (piece: Piece): string =>
  `page ${piece.from}${"line" in piece ? `, line ${piece.line}` : ""} of the ledger's table`;

export async function readAccounts(open: OpenSession, store: string, sink: ReadBackSink): Promise<void> {
  const session = new PatientSession(open);
  try {
    await session.use("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off");
    for (const row of await session.ask("SELECT id, initial, balance FROM blackstart.accounts ORDER BY id"))
      sink.account({
        store,
        account: Number(row["id"]),
        initial: Number(row["initial"]),
        balance: Number(row["balance"]),
      });
  } catch (thrown) {
    if (!(thrown instanceof pg.DatabaseError)) throw thrown;
    sink.unreadable({ store, op: "the accounts", why: messageOf(thrown) });
  } finally {
    session.close();
  }
}

/** The server was asked for something that ended it, and did not come back. */
class NotBack extends Error {}

/** A session that is opened again when damage that it met took the server's process with it. */
class PatientSession {
  readonly #open: OpenSession;
  #session: Session | undefined;
  #settings = "";

  constructor(open: OpenSession) {
    this.#open = open;
  }

  /** Settings that hold from now on, also after a loss. */
  async use(settings: string): Promise<void> {
    this.#settings = settings;
    await this.#session?.ask(settings);
  }

  async ask(text: string, values?: readonly unknown[]): Promise<Row[]> {
    const session = (this.#session ??= await this.#opened());
    try {
      return await session.ask(text, values);
    } catch (thrown) {
      if (!isAnswer(thrown)) this.close();
      throw thrown;
    }
  }

  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  async #opened(): Promise<Session> {
    try {
      const session = await this.#open();
      await session.ask(this.#settings);
      return session;
    } catch (thrown) {
      throw new NotBack(`the server does not answer the read-back: ${messageOf(thrown)}`, { cause: thrown });
    }
  }
}

/** An error of the statement alone, after which the session goes on. */
const isAnswer = (thrown: unknown): boolean =>
  thrown instanceof pg.DatabaseError && thrown.severity === "ERROR" && !/^(57P|08)/.test(thrown.code ?? "");
