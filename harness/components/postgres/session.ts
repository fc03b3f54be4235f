import pg from "pg";
import type { Session, WriteRequest, WriteResult } from "../../component.ts";
import { messageOf } from "../../errors.ts";
import { parsePosition } from "../../position.ts";
import { UNIQUE_INDEX } from "./ledger-tables.ts";

export const DATABASE = "postgres";
export const USER = "postgres";

/** Statements are sent once a connection and then by name. The LSN is read inside the write's own transaction, so the commit lies beyond it. */
export const INSERT_SQL =
  "INSERT INTO blackstart.ledger (op, payload) VALUES ($1, $2) RETURNING pg_current_wal_insert_lsn()::text AS lsn";
const INSERT = { name: "insert", text: INSERT_SQL };
const TRANSFER = {
  name: "transfer",
  text: `WITH moved AS (
           UPDATE blackstart.accounts SET balance = balance + CASE id WHEN $3::int THEN -$5::bigint ELSE $5::bigint END
           WHERE id IN ($3::int, $4::int) RETURNING id)
         INSERT INTO blackstart.ledger (op, payload, debit, credit, amount)
         SELECT $1, $2, $3, $4, $5 FROM (SELECT count(*) FROM moved) AS both_sides WHERE count = 2
         RETURNING pg_current_wal_insert_lsn()::text AS lsn`,
};

/** Opens a connection with every patience set: node-pg has none of its own, neither for connecting nor for an answer. */
export async function openClient(
  port: number,
  password: string,
  timeoutMs: number,
  applicationName: string,
): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: USER,
    password,
    database: DATABASE,
    connectionTimeoutMillis: Math.max(1, Math.ceil(timeoutMs)),
    keepAlive: true,
    application_name: applicationName,
  });
  client.on("error", () => undefined); // without a listener a lost connection ends the process; the next query reports it
  try {
    await client.connect();
  } catch (thrown) {
    destroy(client);
    throw thrown;
  }
  return client;
}

/** node-pg keeps the socket of a connection that timed out, and its end() would wait for an answer. */
export function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

/**
 * The history that a server writes: its timeline. A server that was not copied from the primary counts timelines of its own, which
 * must not be taken for those of the primary: `apart` has the short names of such nodes.
 */
export const lineageOf = (node: string, timeline: string, system: string, apart: ReadonlySet<string>): string =>
  apart.has(node) ? `${timeline}@${system}` : timeline;

/** One client of the ledger. Asks the server once who it is, so that every acknowledgement carries its node and timeline. */
export async function openSession(
  component: string,
  { port, password, apart }: { port: number; password: string; apart: ReadonlySet<string> },
  timeoutMs: number,
): Promise<Session> {
  const endMs = performance.now() + timeoutMs;
  const client = await openClient(port, password, timeoutMs, "blackstart");
  try {
    const who = await query(client, { text: WHO }, endMs - performance.now());
    const { node, timeline, system } = who.rows[0] as { node: string; timeline: string | null; system: string };
    return new PostgresSession(
      client,
      `${component}.${node}`,
      timeline === null ? null : lineageOf(node, String(Number.parseInt(timeline, 16)), system, apart),
    );
  } catch (thrown) {
    destroy(client);
    throw thrown;
  }
}

const WHO = `SELECT current_setting('cluster_name') AS node, (SELECT system_identifier::text FROM pg_control_system()) AS system,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END AS timeline`;

const UNIQUE_VIOLATION = "23505";

class PostgresSession implements Session {
  broken = false;
  readonly #client: pg.Client;
  readonly #node: string;
  readonly #lineage: string | null;
  #warning: string | undefined;

  constructor(client: pg.Client, node: string, lineage: string | null) {
    this.#client = client;
    this.#node = node;
    this.#lineage = lineage;
    client.on("error", () => (this.broken = true));
    client.on("end", () => (this.broken = true));
    client.on("notice", (notice) => {
      if (notice.code === "01000") this.#warning = notice.message ?? "warning 01000"; // "canceling wait for synchronous replication"
    });
  }

  async write({ op, payload, transfer }: WriteRequest, timeoutMs: number): Promise<WriteResult> {
    if (this.#lineage === null) {
      this.close();
      return { outcome: "fail", error: `${this.#node} is in recovery and takes no writes` };
    }
    this.#warning = undefined;
    const statement = transfer
      ? { ...TRANSFER, values: [op, payload, transfer.from, transfer.to, transfer.amount] }
      : { ...INSERT, values: [op, payload] };
    try {
      const { rows } = await query(this.#client, statement, timeoutMs);
      if (this.#warning !== undefined) return { outcome: "info", error: this.#warning };
      const row = rows[0] as { lsn: string } | undefined;
      if (row === undefined) return { outcome: "fail", error: "the accounts of the transfer do not exist" };
      if (parsePosition(row.lsn) === null)
        throw new Error(`the server answered ${row.lsn} where a WAL position was expected`);
      return { outcome: "ok", node: this.#node, lineage: this.#lineage, position: row.lsn };
    } catch (thrown) {
      const certain = isCertainFailure(thrown);
      if (!certain) this.close();
      const error = messageOf(thrown);
      if (!certain) return { outcome: "info", error };
      const alreadyThere =
        thrown instanceof pg.DatabaseError && thrown.code === UNIQUE_VIOLATION && thrown.constraint === UNIQUE_INDEX;
      return { outcome: "fail", error, ...(alreadyThere && { alreadyThere }) };
    }
  }

  async probe(mode: "read" | "write", timeoutMs: number): Promise<void> {
    try {
      await query(
        this.#client,
        {
          name: mode,
          text:
            mode === "read" ? "SELECT n FROM blackstart.probe LIMIT 1" : "INSERT INTO blackstart.probe DEFAULT VALUES",
        },
        timeoutMs,
      );
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  close(): void {
    this.broken = true;
    destroy(this.#client);
  }
}

/**
 * An error that the server sent for a statement outside a transaction block means that it was rolled back, with exceptions: a server
 * that is going away (57P), a broken connection (08), statement_completion_unknown (40003), I/O and internal errors (58, XX).
 * Source: PostgreSQL manual, appendix A. What did not come from the server (reset, timeout) tells nothing.
 */
function isCertainFailure(thrown: unknown): boolean {
  const code = thrown instanceof pg.DatabaseError ? thrown.code : undefined;
  return code !== undefined && !/^(57P|08|40003|58|XX)/.test(code);
}

export type Statement = { name?: string; text: string; values?: unknown[] };

/** A query that is given up after `timeoutMs`; the connection is then of no further use. */
export function query(client: pg.Client, statement: Statement, timeoutMs: number): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer within ${Math.round(timeoutMs)} ms`)),
      Math.max(1, timeoutMs),
    );
    client.query(statement).then(
      (result) => (clearTimeout(timer), resolve(result)),
      (thrown: unknown) => (clearTimeout(timer), reject(thrown as Error)),
    );
  });
}
