import type { Elements } from "../../capabilities.ts";
import type { AdminConnections } from "./admin.ts";
import { keyOf, LEDGER_PATTERN, opOf } from "./keys.ts";

const TIMEOUT_MS = 30_000;
const SCAN_COUNT = 1_000;

/** The keys of the ledger on the node that serves. */
export function keyElements(admin: AdminConnections, serving: () => string): Elements {
  const ask = (command: string, ...args: (string | number)[]) => admin.command(serving(), TIMEOUT_MS, command, ...args);
  return {
    async ids() {
      const found = new Set<string>(); // SCAN may name a key twice
      let cursor = "0";
      do {
        const [next, keys] = (await ask("SCAN", cursor, "MATCH", LEDGER_PATTERN, "COUNT", SCAN_COUNT)) as [
          string,
          string[],
        ];
        for (const key of keys) found.add(opOf(key) ?? key);
        cursor = next;
      } while (cursor !== "0");
      return [...found];
    },
    read: async (op) => (await ask("GET", keyOf(op))) as string | null,
    remove: async (op) => void (await ask("DEL", keyOf(op))),
    write: async (op, payload) => (await ask("SET", keyOf(op), payload, "NX")) === "OK",
  };
}
