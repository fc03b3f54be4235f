import type { Elements } from "../../capabilities.ts";
import { type AdminConnections, textOf } from "./admin.ts";

const TIMEOUT_MS = 30_000;

/** The rows of the ledger on the node that serves. Transfers are left alone: what moved money is undone by no single row. */
export function ledgerElements(admin: AdminConnections, serving: () => string): Elements {
  const ask = (text: string, values: readonly string[] = []) => admin.query(serving(), text, TIMEOUT_MS, values);
  return {
    ids: async () =>
      (await ask("SELECT op FROM blackstart.ledger WHERE debit IS NULL")).map((row) => textOf(row, "op")),
    async read(op) {
      const rows = await ask("SELECT payload FROM blackstart.ledger WHERE op = $1 AND debit IS NULL", [op]);
      return rows[0] ? textOf(rows[0], "payload") : null;
    },
    async remove(op) {
      await ask("DELETE FROM blackstart.ledger WHERE op = $1 AND debit IS NULL", [op]);
    },
    async write(op, payload) {
      const written = await ask(
        `INSERT INTO blackstart.ledger (op, payload) SELECT $1, $2
         WHERE NOT EXISTS (SELECT FROM blackstart.ledger WHERE op = $1) ON CONFLICT DO NOTHING RETURNING op`,
        [op, payload],
      );
      return written.length > 0;
    },
  };
}
