import type { Redis } from "ioredis";
import type { Session, WriteRequest, WriteResult } from "../../component.ts";
import { messageOf } from "../../errors.ts";
import { parsePosition } from "../../position.ts";
import { answered, openClient } from "./client.ts";
import { type Info, parseInfo } from "./info.ts";
import type { RedisConfig } from "./kind.ts";
import { keyOf, PROBE_KEY } from "./keys.ts";

export type Acknowledge = RedisConfig["acknowledge"];

/** One client of the ledger. Asks the server once which node it is; where each write stands is read together with the write. */
export async function openSession(
  component: string,
  port: number,
  password: string,
  acknowledge: Acknowledge,
  timeoutMs: number,
): Promise<Session> {
  const endMs = performance.now() + timeoutMs;
  const client = await openClient(port, password, timeoutMs);
  try {
    const server = parseInfo(await answered(client.info("server"), endMs - performance.now()));
    return new RedisSession(client, `${component}.${nodeOf(server)}`, acknowledge);
  } catch (thrown) {
    client.disconnect();
    throw thrown;
  }
}

/** A server's own word for which node it is: the name of its configuration file. */
export function nodeOf(server: Info): string {
  const [, node] = /([^/]+)\.conf$/.exec(server.get("config_file") ?? "") ?? [];
  if (node === undefined) throw new Error("the server does not name its configuration file");
  return node;
}

class RedisSession implements Session {
  broken = false;
  readonly #client: Redis;
  readonly #node: string;
  readonly #acknowledge: Acknowledge;

  constructor(client: Redis, node: string, acknowledge: Acknowledge) {
    this.#client = client;
    this.#node = node;
    this.#acknowledge = acknowledge;
    client.on("end", () => (this.broken = true));
  }

  async write({ op, payload }: WriteRequest, timeoutMs: number): Promise<WriteResult> {
    const endMs = performance.now() + timeoutMs;
    try {
      const before = await this.#set(keyOf(op), payload, timeoutMs);
      const short = await this.#shortfall(endMs);
      return short === null ? { outcome: "ok", node: this.#node, ...before } : { outcome: "info", error: short };
    } catch (thrown) {
      if (thrown instanceof Refused) return { outcome: "fail", error: thrown.message };
      this.close();
      return { outcome: "info", error: messageOf(thrown) };
    }
  }

  /**
   * The offset is read in the write's own transaction, just before it, and so is the replication id: an id that was asked for
   * earlier may be out of date, because a server takes a new one when its first replica attaches or when it is promoted. Nothing
   * comes between the two. A transaction of one write is replicated and logged as that write alone (manual, "Transactions").
   */
  async #set(key: string, payload: string, timeoutMs: number): Promise<{ lineage: string; position: string }> {
    let replies;
    try {
      replies = await answered(this.#client.multi().info("replication").set(key, payload).exec(), timeoutMs);
    } catch (thrown) {
      throw refusalOf(thrown) ?? thrown;
    }
    const [info, set] = replies ?? [];
    if (set?.[0]) throw refusalOf(set[0]) ?? set[0];
    if (set?.[1] !== "OK") throw new Error(`the server answered ${JSON.stringify(set?.[1])} to SET`);
    const replication = parseInfo(typeof info?.[1] === "string" ? info[1] : "");
    const [lineage, position] = [replication.get("master_replid") ?? "", replication.get("master_repl_offset") ?? ""];
    if (lineage === "" || parsePosition(position) === null)
      throw new Error("the server does not say where its replication stream stands");
    return { lineage, position };
  }

  /** Asked only once the write stands: one that was refused has nothing to wait for. Null when enough have confirmed. */
  async #shortfall(endMs: number): Promise<string | null> {
    const { wait, waitaof } = this.#acknowledge;
    if (!wait && !waitaof) return null;
    const asked = wait
      ? this.#client.call("WAIT", wait.replicas, wait.timeout)
      : this.#client.call("WAITAOF", waitaof!.local, waitaof!.replicas, waitaof!.timeout);
    return shortfallOf(this.#acknowledge, await answered(asked, Math.max(1, endMs - performance.now())));
  }

  async probe(mode: "read" | "write", timeoutMs: number): Promise<void> {
    try {
      await answered<unknown>(mode === "read" ? this.#client.get(PROBE_KEY) : this.#client.incr(PROBE_KEY), timeoutMs);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  close(): void {
    this.broken = true;
    this.#client.disconnect();
  }
}

/** What a confirmation falls short of, in words; null when it does not. An answer that is no number confirms nothing. */
export function shortfallOf({ wait, waitaof }: Acknowledge, reply: unknown): string | null {
  const [first = NaN, second = NaN] = (Array.isArray(reply) ? reply : [reply]).map(Number);
  if (wait)
    return first >= wait.replicas
      ? null
      : `WAIT: ${first} of ${wait.replicas} replicas confirmed within ${wait.timeout} ms`;
  if (!waitaof || (first >= waitaof.local && second >= waitaof.replicas)) return null;
  return `WAITAOF: fsynced here ${first} of ${waitaof.local}, on replicas ${second} of ${waitaof.replicas}, within ${waitaof.timeout} ms`;
}

/** The server answered that it did not execute the write. */
class Refused extends Error {}

/** Answers that a server gives instead of executing a command; EXECABORT carries the one that made it so. */
const REFUSALS = /^(OOM|NOREPLICAS|READONLY|MISCONF|LOADING|MASTERDOWN|BUSY|NOAUTH|NOPERM|EXECABORT|WRONGTYPE)\b/;

/** Null when the error does not prove that nothing was written: a reset, a timeout, an answer that is not known. */
export function refusalOf(thrown: unknown): Error | null {
  if (!(thrown instanceof Error) || thrown.name !== "ReplyError") return null;
  const previous = (thrown as Error & { previousErrors?: Error[] }).previousErrors ?? [];
  const said = previous.find((error) => REFUSALS.test(error.message)) ?? thrown;
  return REFUSALS.test(said.message) ? new Refused(said.message) : null;
}
