import type { RecoveredAccount, RecoveredElement } from "../../history.ts";
import { ACCOUNTS, contentSha256, INITIAL_BALANCE } from "../../workload/content.ts";
import type { AdminConnections } from "./admin.ts";

const PAGE_ROWS = 10_000;

/** The index on op is not unique unless the scenario asks for it: a duplicated write must be able to show. */
export const schemaSql = ({ uniqueKey, surrogateKey }: { uniqueKey: boolean; surrogateKey: boolean }): string => `
  CREATE SCHEMA blackstart;
  CREATE TABLE blackstart.ledger (${surrogateKey ? "id bigserial PRIMARY KEY, " : ""}op text NOT NULL, payload text NOT NULL, debit int, credit int, amount bigint);
  CREATE ${uniqueKey ? "UNIQUE " : ""}INDEX ${UNIQUE_INDEX} ON blackstart.ledger (op);
  CREATE TABLE blackstart.accounts (id int PRIMARY KEY, initial bigint NOT NULL, balance bigint NOT NULL);
  CREATE TABLE blackstart.probe (n bigserial, at timestamptz NOT NULL DEFAULT clock_timestamp());
  DO $$ BEGIN CREATE EXTENSION amcheck; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'no amcheck in this image'; END $$`;

/** What refuses a write whose id is there already. */
export const UNIQUE_INDEX = "ledger_op";

/** The rows that the ledger begins with. A logical standby gets them by its initial copy. */
export const SEED_SQL = `INSERT INTO blackstart.accounts SELECT n, ${INITIAL_BALANCE}, ${INITIAL_BALANCE} FROM generate_series(0, ${ACCOUNTS - 1}) AS n`;

/** A count or an index-only scan can pass over a damaged page; every row has to be fetched from the heap, and its content compared. */
export const HEAP_ONLY =
  "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SET statement_timeout = 0";

/** Every row of the ledger, its hash taken from what was read. Rejects on the first page that cannot be read. */
export async function readLedger(
  admin: AdminConnections,
  node: string,
  found: (element: Omit<RecoveredElement, "store">) => void,
): Promise<void> {
  await admin.withSession(node, 120_000, async (ask) => {
    await ask(`${HEAP_ONLY}; BEGIN READ ONLY`);
    await ask(
      "DECLARE everything NO SCROLL CURSOR FOR SELECT op, payload, debit, credit, amount FROM blackstart.ledger",
    );
    for (;;) {
      const rows = await ask(`FETCH ${PAGE_ROWS} FROM everything`);
      for (const row of rows) {
        const transfer =
          row["debit"] === null
            ? null
            : { from: Number(row["debit"]), to: Number(row["credit"]), amount: Number(row["amount"]) };
        const [op, payload] = [String(row["op"]), String(row["payload"])];
        found({ op, sha256: contentSha256({ op, payload, transfer }), transfer });
      }
      if (rows.length < PAGE_ROWS) break;
    }
    await ask("COMMIT");
  });
}

export async function readAccounts(
  admin: AdminConnections,
  node: string,
  found: (account: Omit<RecoveredAccount, "store">) => void,
): Promise<void> {
  await admin.withSession(node, 120_000, async (ask) => {
    await ask(HEAP_ONLY);
    for (const row of await ask("SELECT id, initial, balance FROM blackstart.accounts ORDER BY id")) {
      found({ account: Number(row["id"]), initial: Number(row["initial"]), balance: Number(row["balance"]) });
    }
  });
}
