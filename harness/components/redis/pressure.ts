import type { Bracket } from "../../time.ts";
import { bracket } from "../../time.ts";
import { messageOf } from "../../errors.ts";
import type { AdminConnections } from "./admin.ts";
import { FILLER } from "./keys.ts";

const TIMEOUT_MS = 5_000;
/** Large elements first, then ever smaller ones, until not even one of a ledger write's size is taken. */
const SIZES_BYTES = [65_536, 8_192, 1_024, 64] as const;

/** FLUSHALL, counted in one transaction with what was there before and after. */
export async function eraseAll(
  admin: AdminConnections,
  node: string,
): Promise<{ at: Bracket; before: number; after: number }> {
  const { value, at } = await bracket(() =>
    admin.ask(node, TIMEOUT_MS, (client) => client.multi().dbsize().flushall().dbsize().exec()),
  );
  const [before, flushed, after] = value ?? [];
  if (flushed?.[0]) throw flushed[0];
  return { at, before: Number(before?.[1]), after: Number(after?.[1]) };
}

export interface Filled {
  readonly at: Bracket;
  readonly refused: boolean;
  readonly detail: string;
  readonly release: () => Promise<void>;
}

/** Fills the store up to maxmemory; by its policy it then refuses, or deletes keys that it chooses itself. */
export async function fillUp(admin: AdminConnections, node: string, signal: AbortSignal): Promise<Filled> {
  const start = await admin.info(node, TIMEOUT_MS);
  const limitBytes = Number(start.get("maxmemory") ?? "0");
  if (limitBytes === 0) throw new Error(`${node} has no memory limit: give the component a maxmemory`);
  const evictedBefore = Number(start.get("evicted_keys") ?? "0");
  let written = 0;
  const release = async () => {
    for (let i = 0; i < written; i += 1_000) {
      const keys = Array.from({ length: Math.min(1_000, written - i) }, (_, k) => `${FILLER}${i + k}`);
      await admin.ask(node, TIMEOUT_MS, (client) => client.unlink(...keys));
    }
  };
  for (const size of SIZES_BYTES) {
    for (;;) {
      signal.throwIfAborted();
      const put = () => admin.command(node, TIMEOUT_MS, "SET", `${FILLER}${written}`, "x".repeat(size));
      const { value: error, at } = await bracket(() => put().then(() => null, messageOf));
      if (error !== null && !error.startsWith("OOM")) throw new Error(`${node} could not be filled: ${error}`);
      if (error !== null) {
        if (size !== SIZES_BYTES.at(-1)) break;
        return { at, refused: true, detail: `refused after ${written} elements: ${error}`, release };
      }
      written++;
      if (written % 8 !== 0) continue;
      const evicted = Number((await admin.info(node, TIMEOUT_MS)).get("evicted_keys") ?? "0") - evictedBefore;
      if (evicted === 0) continue;
      return { at, refused: false, detail: `taken after ${written} elements by deleting ${evicted} others`, release };
    }
  }
  throw new Error(`${node} took everything and neither refused nor deleted`);
}
