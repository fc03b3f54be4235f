import type { Redis } from "ioredis";
import { answered, openClient } from "./client.ts";
import { type Info, parseInfo } from "./info.ts";

/** The harness's own connections, one a node, on paths that toxics never touch; opened on first use and again after a failure. */
export class AdminConnections {
  readonly #ports: ReadonlyMap<string, number>;
  readonly #password: string;
  readonly #clients = new Map<string, Promise<Redis>>();

  constructor(ports: ReadonlyMap<string, number>, password: string) {
    this.#ports = ports;
    this.#password = password;
  }

  async ask<T>(node: string, timeoutMs: number, question: (client: Redis) => Promise<T>): Promise<T> {
    const client = await this.#client(node, timeoutMs);
    try {
      return await answered(question(client), timeoutMs);
    } catch (thrown) {
      if (!(thrown instanceof Error && thrown.name === "ReplyError")) this.#forget(node, client);
      throw thrown;
    }
  }

  async info(node: string, timeoutMs: number): Promise<Info> {
    return parseInfo(await this.ask(node, timeoutMs, (client) => client.info()));
  }

  command(node: string, timeoutMs: number, name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.ask(node, timeoutMs, (client) => client.call(name, ...args));
  }

  close(): void {
    for (const opening of this.#clients.values())
      opening.then(
        (client) => client.disconnect(),
        () => undefined,
      );
    this.#clients.clear();
  }

  #client(node: string, timeoutMs: number): Promise<Redis> {
    const open = this.#clients.get(node);
    if (open) return open;
    const port = this.#ports.get(node);
    if (port === undefined) throw new Error(`${node} has no administrative path`);
    const opening = openClient(port, this.#password, timeoutMs);
    this.#clients.set(node, opening);
    opening.then(
      (client) => client.on("end", () => this.#forget(node, client)),
      () => this.#clients.delete(node),
    );
    return opening;
  }

  #forget(node: string, client: Redis): void {
    this.#clients.delete(node);
    client.disconnect();
  }
}
