import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../errors.ts";
import { type Bracket, bracket } from "../../time.ts";
import type { AdminConnections } from "./admin.ts";
import { FILLER } from "./keys.ts";

const TIMEOUT_MS = 5_000;
/** Large elements first, then ever smaller ones, until not even one of a ledger write's size is taken. */
const SIZES_BYTES = [65_536, 8_192, 1_024, 64] as const;
const TOP_UP_EVERY_MS = 10;

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
  const filler = new Filler(admin, node);
  const limitBytes = Number((await admin.info(node, TIMEOUT_MS)).get("maxmemory") ?? "0");
  if (limitBytes === 0) throw new Error(`${node} has no memory limit: give the component a maxmemory`);
  const evictedBefore = await filler.evicted();
  for (const size of SIZES_BYTES) {
    for (let error: string | null = null; error === null;) {
      signal.throwIfAborted();
      const put = await bracket(() => filler.put(size));
      const { at } = put;
      error = put.value;
      if (error !== null && size === SIZES_BYTES.at(-1)) {
        const toppedUp = filler.keepFull(signal);
        const release = async () => {
          filler.stop();
          await toppedUp;
          await filler.remove();
        };
        return { at, refused: true, detail: `refused after ${filler.written} elements: ${error}`, release };
      }
      const evicted = filler.written % 8 === 0 ? (await filler.evicted()) - evictedBefore : 0;
      if (evicted === 0) continue;
      const detail = `taken after ${filler.written} elements by deleting ${evicted} others`;
      return { at, refused: false, detail, release: () => filler.remove() };
    }
  }
  throw new Error(`${node} took everything and neither refused nor deleted`);
}

class Filler {
  written = 0;
  #stopped = false;
  readonly #admin: AdminConnections;
  readonly #node: string;

  constructor(admin: AdminConnections, node: string) {
    this.#admin = admin;
    this.#node = node;
  }

  /** Null when the element was taken, else the refusal. */
  async put(size: number): Promise<string | null> {
    const key = `${FILLER}${this.written}`;
    const error = await this.#admin
      .command(this.#node, TIMEOUT_MS, "SET", key, "x".repeat(size))
      .then(() => null, messageOf);
    if (error === null) this.written++;
    else if (!error.startsWith("OOM")) throw new Error(`${this.#node} could not be filled: ${error}`);
    return error;
  }

  async evicted(): Promise<number> {
    return Number((await this.#admin.info(this.#node, TIMEOUT_MS)).get("evicted_keys") ?? "0");
  }

  /** The server frees buffers of its own by and by; what becomes free is taken again, or the pressure would end by itself. */
  async keepFull(signal: AbortSignal): Promise<void> {
    while (!this.#stopped && !signal.aborted) {
      try {
        for (const size of SIZES_BYTES) while (!this.#stopped && (await this.put(size)) === null);
      } catch {
        return; // the node is gone, and the pressure with it
      }
      await sleep(TOP_UP_EVERY_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async remove(): Promise<void> {
    for (let from = 0; from < this.written; from += 1_000) {
      const keys = Array.from({ length: Math.min(1_000, this.written - from) }, (_, i) => `${FILLER}${from + i}`);
      await this.#admin.ask(this.#node, TIMEOUT_MS, (client) => client.unlink(...keys));
    }
    this.written = 0;
  }
}
