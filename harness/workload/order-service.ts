import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { messageOf } from "../errors.ts";
import { within } from "../wait.ts";

const MAIN = path.join(import.meta.dirname, "../../fixtures/workloads/order-service/main.ts");
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
const WORDS_KEPT_CHARS = 2_000;

/** What fixtures/workloads/order-service/config.ts reads. Holds secrets. */
export interface OrderServiceConfig {
  readonly db: Readonly<Record<string, string | number>>;
  readonly cache: Readonly<Record<string, string | number>>;
  readonly audit: Readonly<Record<string, string | number>>;
  readonly patienceMs: number;
  readonly connections: number;
}

/**
 * The application between users and stores, as a process of its own: it knows nothing but its configuration, which it gets on
 * standard input, and it ends when that does, so it never outlives this process. It is never started again.
 */
export class OrderService {
  readonly port: number;
  /** Resolves when the process has ended, with its last words. */
  readonly ended: Promise<string>;
  readonly #child: Child;

  private constructor(child: Child, port: number, ended: Promise<string>) {
    this.#child = child;
    this.port = port;
    this.ended = ended;
  }

  /** Rejects, with what it said, when it does not listen. */
  static async start(config: OrderServiceConfig): Promise<OrderService> {
    const child = spawn(process.execPath, [MAIN], { env: {}, stdio: ["pipe", "pipe", "pipe"] });
    const ended = lastWords(child);
    child.stdin.on("error", () => undefined); // it ended before it had read its configuration: then `ended` says why
    child.stdin.write(`${JSON.stringify({ ...config, listen: "127.0.0.1:0" })}\n`);
    try {
      const listening = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
      const gone = ended.then((words) => Promise.reject(new Error(words)));
      const [line] = await within(START_TIMEOUT_MS, Promise.race([listening, gone]), "it did not listen");
      return new OrderService(child, (JSON.parse(line) as { listening: number }).listening, ended);
    } catch (thrown) {
      child.kill("SIGKILL");
      throw new Error(`the order service did not start: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** Lets it answer what is under way. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    try {
      await within(STOP_TIMEOUT_MS, this.ended, "the order service did not end");
    } catch {
      this.#child.kill("SIGKILL");
      await this.ended;
    }
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

async function lastWords(child: Child): Promise<string> {
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (words = (words + text).slice(-WORDS_KEPT_CHARS)));
  const how = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
  });
  return [how, words.trim()].filter(Boolean).join(": ");
}
