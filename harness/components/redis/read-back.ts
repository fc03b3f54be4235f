import type { Redis } from "ioredis";
import type { Node } from "../../node.ts";
import { contentSha256 } from "../../workload/content.ts";
import { PASSWORD_FILE } from "./files.ts";
import { LEDGER_PATTERN, opOf } from "./keys.ts";
import { snapshotKeys } from "./snapshot.ts";

const PAGE_KEYS = 1_000;
const SNAPSHOT_TIMEOUT_MS = 60_000;

/**
 * Every key of the ledger with its content, page by page. A scan may name a key twice while the table is resized (manual, SCAN),
 * so a key counts once; that a store could hold one twice is impossible.
 */
export async function readLedger(
  ask: <T>(question: (client: Redis) => Promise<T>) => Promise<T>,
  found: (element: { op: string; sha256: string }) => void,
): Promise<void> {
  const seen = new Set<string>();
  let cursor = "0";
  do {
    const [next, page] = await ask((client) => client.scan(cursor, "MATCH", LEDGER_PATTERN, "COUNT", PAGE_KEYS));
    const keys = page.filter((key) => !seen.has(key));
    const values = keys.length === 0 ? [] : await ask((client) => client.mget(keys));
    for (const [i, key] of keys.entries()) {
      const [op, payload] = [opOf(key), values[i]];
      seen.add(key);
      // Between the scan and the read a key can only go by eviction or expiry: then the store does not have it.
      if (op !== null && typeof payload === "string")
        found({ op, sha256: contentSha256({ op, payload, transfer: null }) });
    }
    cursor = next;
  } while (cursor !== "0");
}

/** The password goes from a file into the client's environment, never into an argument. Base64, for output is read as text. */
const SNAPSHOT = `REDISCLI_AUTH=$(cat ${PASSWORD_FILE}); export REDISCLI_AUTH; redis-cli --rdb - | base64`;

/** The operations in a snapshot that the node makes of itself, as it would for a new replica. */
export async function listSnapshot(node: Node, listed: (op: string) => void): Promise<void> {
  const said = await node.exec(["sh", "-c", SNAPSHOT], { timeoutMs: SNAPSHOT_TIMEOUT_MS });
  const bytes = Buffer.from(said.stdout, "base64");
  if (said.code !== 0 || bytes.length === 0)
    throw new Error(
      `${node.name} gave no snapshot (exit ${said.code}): ${said.stderr.trim().split("\n").at(-1) ?? ""}`,
    );
  for (const key of snapshotKeys(bytes)) {
    const op = opOf(key);
    if (op !== null) listed(op);
  }
}
