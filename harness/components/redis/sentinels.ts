import type { Failover } from "../../capabilities.ts";
import type { Node } from "../../node.ts";
import { type Bracket, nowNs } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import type { AdminConnections } from "./admin.ts";
import { parseInfo } from "./info.ts";

const TIMEOUT_MS = 1_000;
const LOOK_EVERY_MS = 10;

/** Instants of a failover in a sentinel's log, and what the report calls them. */
const MILESTONES = [
  { event: "+odown master", name: "detected" },
  { event: "+elected-leader", name: "elected" },
  { event: "+promoted-slave", name: "promoted" },
] as const;

/** The sentinels of a component; without any there is nothing to wait for. */
export class Sentinels {
  readonly #master: string;
  readonly #nodes: readonly Node[];
  readonly #admin: AdminConnections;

  constructor(master: string, nodes: readonly Node[], admin: AdminConnections) {
    this.#master = master;
    this.#nodes = nodes;
    this.#admin = admin;
  }

  /** What they do not know yet, in words: without each other they elect nobody, and without a replica there is nobody to elect. */
  async missing(replicas: number): Promise<string> {
    for (const { name } of this.#nodes) {
      const master = fieldsOf(await this.#admin.command(name, TIMEOUT_MS, "SENTINEL", "MASTER", this.#master));
      const [others, copies] = [Number(master.get("num-other-sentinels")), Number(master.get("num-slaves"))];
      if (master.get("flags") !== "master") return `${name} calls the primary ${master.get("flags")}`;
      if (others !== this.#nodes.length - 1) return `${name} knows ${others} other sentinels`;
      if (copies !== replicas) return `${name} knows ${copies} replicas`;
      for (const what of ["REPLICAS", "SENTINELS"]) {
        const list = (await this.#admin.command(name, TIMEOUT_MS, "SENTINEL", what, this.#master)) as unknown[];
        const strange = list.map(fieldsOf).find((peer) => /down|disconnected/.test(peer.get("flags") ?? ""));
        if (strange) return `${name} calls ${strange.get("name")} ${strange.get("flags")}`;
      }
    }
    return "";
  }

  /** As a client that knows Sentinel does: asks each for the address of the primary, then the node itself whether it is one. */
  async awaitFailover(
    serving: string,
    servers: readonly Node[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Failover> {
    if (this.#nodes.length === 0) throw new Error(`${this.#master} has no sentinels: nobody would fail over`);
    let [moved, fromNs, toNs] = [null as Node | null, nowNs(), nowNs()];
    const found = await awaitCondition(
      async () => {
        const askedNs = nowNs();
        const named = await Promise.all(this.#nodes.map((node) => this.#named(node.name, servers)));
        moved = null;
        for (const node of new Set(named)) {
          if (node && node.name !== serving && (await this.#isPrimary(node.name))) moved = node;
        }
        toNs = nowNs();
        if (moved === null) fromNs = askedNs;
        return moved !== null;
      },
      { everyMs: LOOK_EVERY_MS, timeoutMs, signal },
    );
    if (!found || moved === null)
      throw new Error(`no sentinel named another primary than ${serving} within ${timeoutMs} ms`);
    return { node: moved.name, at: { fromNs, toNs }, milestones: (sinceMs) => this.#milestones(sinceMs) };
  }

  async #named(sentinel: string, servers: readonly Node[]): Promise<Node | null> {
    try {
      const answer = await this.#admin.command(
        sentinel,
        TIMEOUT_MS,
        "SENTINEL",
        "GET-MASTER-ADDR-BY-NAME",
        this.#master,
      );
      return servers.find((node) => node.address === (answer as string[] | null)?.[0]) ?? null;
    } catch {
      return null; // a sentinel may be lost, too; the others answer
    }
  }

  async #isPrimary(node: string): Promise<boolean> {
    try {
      return ((await this.#admin.command(node, TIMEOUT_MS, "ROLE")) as unknown[])[0] === "master";
    } catch {
      return false; // not yet
    }
  }

  /** The first of each kind over all sentinels. Logs have milliseconds of the sentinel's clock, which is asked for now. */
  async #milestones(sinceMs: number): Promise<{ name: string; at: Bracket }[]> {
    const seen = await Promise.all(
      this.#nodes.map(async (node) => {
        try {
          const fromNs = nowNs();
          const info = parseInfo(await this.#admin.ask(node.name, TIMEOUT_MS, (client) => client.info("server")));
          const clock = { wallUs: Number(info.get("server_time_usec")), fromNs, toNs: nowNs() };
          const instants = instantsOf(await node.logs(), this.#master, sinceMs);
          return instants.map(({ name, wallMs }) => ({ name, wallMs, at: toMonotonic(wallMs, clock) }));
        } catch {
          return []; // a sentinel that is gone notes nothing; the others do
        }
      }),
    );
    return MILESTONES.flatMap(({ name }) => {
      const [first] = seen
        .flat()
        .filter((instant) => instant.name === name)
        .toSorted((a, b) => a.wallMs - b.wallMs);
      return first ? [{ name, at: first.at }] : [];
    });
  }
}

/** Instants, in milliseconds since the epoch, of a failover's lines: `8:X 24 Nov 2026 20:51:00.123 # +odown master db 10.0.0.2 6379 …`. */
export function instantsOf(log: string, master: string, sinceMs: number): { name: string; wallMs: number }[] {
  const lines = log.matchAll(/^\d+:X (\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}) \S (\+.*)$/gm);
  return [...lines].flatMap(([, time = "", said = ""]) => {
    const wallMs = Date.parse(`${time} UTC`);
    const milestone = MILESTONES.find(({ event }) => said.startsWith(`${event} `));
    return milestone && wallMs >= sinceMs && ` ${said} `.includes(` ${master} `)
      ? [{ name: milestone.name, wallMs }]
      : [];
  });
}

/** A millisecond that a log has cut off, on our clock: as wide as that millisecond and the look at the other clock. */
function toMonotonic(wallMs: number, clock: { wallUs: number; fromNs: bigint; toNs: bigint }): Bracket {
  const agoNs = BigInt(Math.round(clock.wallUs - wallMs * 1_000)) * 1_000n;
  return { fromNs: clock.fromNs - agoNs, toNs: clock.toNs - agoNs + 1_000_000n };
}

/** A flat list of names and values. */
function fieldsOf(list: unknown): Map<string, string> {
  const flat = (list as unknown[]).map(String);
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ""] as const] : [])));
}
