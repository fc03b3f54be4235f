import pg from "pg";
import { destroy, openClient, query } from "./session.ts";

/** A server that takes longer than this takes no connection at all, whatever it is asked then. */
const CONNECT_TIMEOUT_MS = 10_000;

export type Row = Readonly<Record<string, unknown>>;

/** A column as text; empty for NULL and for a row that is not there. */
export const textOf = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  return typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value);
};

/** The harness's own connections, one a node, on paths that toxics never touch (a cut of the node cuts them too); opened on first use and again after a failure. */
export class AdminConnections {
  readonly #ports: ReadonlyMap<string, number>;
  readonly #password: string;
  readonly #clients = new Map<string, Promise<pg.Client>>();
  /** One question at a time on each connection. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(ports: ReadonlyMap<string, number>, password: string) {
    this.#ports = ports;
    this.#password = password;
  }

  query(node: string, text: string, timeoutMs: number, values: readonly unknown[] = []): Promise<Row[]> {
    const asked = (this.#last.get(node) ?? Promise.resolve()).then(() => this.#ask(node, text, timeoutMs, values));
    this.#last.set(
      node,
      asked.catch(() => undefined),
    );
    return asked;
  }

  /** A server that fell silent closed nothing: a connection kept from before shows only now that it is dead, and a question is put again on a new one. */
  async #ask(node: string, text: string, timeoutMs: number, values: readonly unknown[]): Promise<Row[]> {
    const endMs = performance.now() + timeoutMs;
    const kept = this.#clients.has(node) && /^\s*SELECT\b/i.test(text);
    const client = await this.#client(node, timeoutMs);
    try {
      // Without values the text goes as it is, and may be several statements.
      const statement = values.length > 0 ? { text, values: [...values] } : { text };
      return (await query(client, statement, timeoutMs)).rows as Row[];
    } catch (thrown) {
      this.#forget(node, client);
      const leftMs = endMs - performance.now();
      if (!kept || thrown instanceof pg.DatabaseError || leftMs <= 0) throw thrown;
      return this.#ask(node, text, leftMs, values);
    }
  }

  /** A connection of its own, so that settings of the session stay in it, and so that one that is lost costs nobody else anything. */
  async open(
    node: string,
    timeoutMs: number,
  ): Promise<{ ask: (text: string, values?: readonly unknown[]) => Promise<Row[]>; close: () => void }> {
    const connectMs = Math.min(timeoutMs, CONNECT_TIMEOUT_MS);
    const client = await openClient(this.#port(node), this.#password, connectMs, "blackstart-session");
    return {
      ask: async (text, values = []) => {
        const statement = values.length > 0 ? { text, values: [...values] } : { text };
        return (await query(client, statement, timeoutMs)).rows as Row[];
      },
      close: () => destroy(client),
    };
  }

  /** Runs several statements on one connection of their own. */
  async withSession<T>(
    node: string,
    timeoutMs: number,
    use: (ask: (text: string) => Promise<Row[]>) => Promise<T>,
  ): Promise<T> {
    const session = await this.open(node, timeoutMs);
    try {
      return await use(session.ask);
    } finally {
      session.close();
    }
  }

  close(): void {
    for (const opening of this.#clients.values()) opening.then(destroy, () => undefined);
    this.#clients.clear();
  }

  #port(node: string): number {
    const port = this.#ports.get(node);
    if (port === undefined) throw new Error(`${node} has no administrative path`);
    return port;
  }

  #client(node: string, timeoutMs: number): Promise<pg.Client> {
    const open = this.#clients.get(node);
    if (open) return open;
    const opening = openClient(this.#port(node), this.#password, timeoutMs, "blackstart-admin");
    this.#clients.set(node, opening);
    opening.then(
      (client) => client.on("end", () => this.#forget(node, client)),
      () => this.#clients.delete(node),
    );
    return opening;
  }

  #forget(node: string, client: pg.Client): void {
    this.#clients.delete(node);
    destroy(client);
  }
}
