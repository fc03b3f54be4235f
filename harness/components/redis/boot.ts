import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Boot, Component, ComponentPaths, ReadBackSink, Session } from "../../component.ts";
import type {
  Elements,
  Erasable,
  Failover,
  FailsOver,
  Fillable,
  Promotable,
  Reconcilable,
  Repairable,
  RepairContext,
  Serviceable,
  Settles,
} from "../../capabilities.ts";
import { messageOf, notReady } from "../../errors.ts";
import { factsOf } from "../facts.ts";
import { awaitReady, lastWords } from "../readiness.ts";
import type { ClockBracket, NodeFacts } from "../../history.ts";
import type { ClientPath, Node } from "../../node.ts";
import { bracket, nowNs } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { AdminConnections } from "./admin.ts";
import { keyElements } from "./elements.ts";
import { nodeStart, PORT, SENTINEL_PORT } from "./files.ts";
import { INVENTORY, serverFacts, switchFacts } from "./facts.ts";
import { replicasOf } from "./info.ts";
import { redis, type RedisConfig, sentinelNames } from "./kind.ts";
import { eraseAll, fillUp } from "./pressure.ts";
import { listSnapshot, readLedger } from "./read-back.ts";
import { repairNode } from "./repairs.ts";
import { Sentinels } from "./sentinels.ts";
import { openSession } from "./session.ts";

const READY_TIMEOUT_MS = 60_000;
const ADMIN_TIMEOUT_MS = 2_000;
const CLOCK_TIMEOUT_MS = 300;
const SETTLE_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 30_000;
const PROMOTE_TIMEOUT_MS = 10_000;

/** Brings up the primary, its replicas and the sentinels side by side. */
export const boot: Boot<RedisConfig> = async (
  name,
  config,
  context,
  password = randomBytes(24).toString("base64url"),
) => {
  const script = await readFile(path.join(import.meta.dirname, "boot.sh"), "utf8");
  const specs = redis.nodes(config);
  const booting = { component: name, config, addressOf: context.addressOf, script, password };
  const ports = new Map(specs.map((spec) => [`${name}.${spec.name}`, spec.role === "sentinel" ? SENTINEL_PORT : PORT]));
  const [started, paths] = await Promise.all([
    Promise.all(specs.map((spec) => context.startNode(nodeStart(spec, booting)))),
    context.openPaths(name, ports, `${name}.primary`),
  ]);
  return new RedisComponent(name, config, new Map(started.map((node) => [node.name, node])), paths, password);
};

class RedisComponent
  implements Component, Promotable, FailsOver, Settles, Reconcilable, Erasable, Fillable, Repairable, Serviceable
{
  readonly kind = "redis";
  readonly name: string;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly clients: ClientPath;
  readonly elements: Elements;
  readonly #config: RedisConfig;
  readonly #password: string;
  readonly #admin: AdminConnections;
  readonly #servers: readonly Node[];
  readonly #sentinels: Sentinels;

  constructor(
    name: string,
    config: RedisConfig,
    nodes: ReadonlyMap<string, Node>,
    paths: ComponentPaths,
    password: string,
  ) {
    this.name = name;
    this.nodes = nodes;
    this.clients = paths.clients;
    this.#config = config;
    this.#password = password;
    this.#admin = new AdminConnections(paths.admin, password);
    this.elements = keyElements(this.#admin, () => this.clients.leadsTo);
    const watchers = new Set(sentinelNames(config).map((sentinel) => `${name}.${sentinel}`));
    this.#servers = [...nodes.values()].filter((node) => !watchers.has(node.name));
    this.#sentinels = new Sentinels(
      name,
      [...nodes.values()].filter((node) => watchers.has(node.name)),
      this.#admin,
    );
  }

  async ready(signal: AbortSignal): Promise<void> {
    await awaitReady({
      name: this.name,
      nodes: this.nodes.values(),
      missing: async () => (await this.#missing()) || this.#sentinels.missing(this.#config.replicas.length),
      everyMs: 50,
      timeoutMs: READY_TIMEOUT_MS,
      signal,
    });
  }

  /** What is not attached yet, in words; empty when every replica is in step. Both ends are asked. */
  async #missing(): Promise<string> {
    const primary = await this.#admin.info(this.clients.leadsTo, ADMIN_TIMEOUT_MS);
    if (primary.get("loading") !== "0") return `${this.clients.leadsTo} is loading`;
    const states = new Map(replicasOf(primary).map(({ address, state }) => [address, state]));
    for (const { name } of this.#config.replicas) {
      const node = this.nodes.get(`${this.name}.${name}`)!;
      const state = states.get(node.address);
      if (state !== "online") return `replica ${name} is ${state ?? "not attached"}`;
      const link = (await this.#admin.info(node.name, ADMIN_TIMEOUT_MS)).get("master_link_status");
      if (link !== "up") return `the link of replica ${name} is ${link ?? "not there"}`;
    }
    return "";
  }

  /** Keys need no tables. */
  async prepare(): Promise<void> {}

  connect(timeoutMs: number): Promise<Session> {
    return openSession(this.name, this.clients.port, this.#password, this.#config.acknowledge, timeoutMs);
  }

  serviceAccess(): Record<string, string | number> {
    const { wait, waitaof } = this.#config.acknowledge;
    if (waitaof)
      throw notReady(
        `${this.name} asks writers for WAITAOF, which the order service does not know`,
        "use acknowledge.wait, or a workload that writes by itself",
      );
    const { host, port } = this.clients;
    return { host, port, password: this.#password, replicas: wait?.replicas ?? 0 };
  }

  facts(at: NodeFacts["at"]): Promise<Omit<NodeFacts, "ms">[]> {
    return factsOf(this, this.#servers, at, async (node, { serves, timeoutMs }) => {
      const values = await this.#admin.ask(node.name, timeoutMs, (client) =>
        serverFacts(client, this.#config.acknowledge, (address) => this.#nodeAt(address)),
      );
      if (at === "recovered" && serves)
        Object.assign(values, switchFacts(await this.#admin.info(node.name, timeoutMs)), { inventory: INVENTORY });
      return values;
    });
  }

  #nodeAt(address: string): string {
    const node = this.#servers.find((server) => server.address === address)?.name ?? address;
    return node.slice(node.indexOf(".") + 1);
  }

  async clocks(): Promise<ClockBracket["stores"]> {
    const stores = await Promise.all(
      this.#servers.map(async (node) => {
        if ((await node.state()) !== "running") return [];
        try {
          await this.#admin.command(node.name, CLOCK_TIMEOUT_MS, "PING"); // so that no connecting stands inside the bracket
          const fromNs = nowNs();
          const [seconds, micros] = (await this.#admin.command(node.name, CLOCK_TIMEOUT_MS, "TIME")) as string[];
          const wallNs = String(BigInt(seconds!) * 1_000_000_000n + BigInt(micros!) * 1_000n);
          return [{ node: node.name, fromNs: String(fromNs), toNs: String(nowNs()), wallNs }];
        } catch {
          return []; // a node that does not answer has no clock to compare
        }
      }),
    );
    return stores.flat();
  }

  async readBack(sink: ReadBackSink): Promise<void> {
    const serving = this.clients.leadsTo;
    await readLedger(
      (question) => this.#admin.ask(serving, READ_TIMEOUT_MS, question),
      (element) => sink.element({ ...element, store: this.name, transfer: null }),
    );
    await listSnapshot(this.nodes.get(serving)!, (op) => sink.listed({ store: this.name, op, version: null }));
  }

  async redundancy(): Promise<{ restored: boolean; detail: string }> {
    const wanted = this.#config.replicas.length;
    if (wanted === 0) return { restored: true, detail: "the scenario has no replica" };
    const info = await this.#admin.info(this.clients.leadsTo, ADMIN_TIMEOUT_MS);
    const known = new Set(this.#servers.map((node) => node.address));
    const online = replicasOf(info).filter(({ address, state }) => state === "online" && known.has(address)).length;
    return {
      restored: online >= wanted,
      detail: `${online} of ${wanted} replicas attached to ${this.clients.leadsTo}`,
    };
  }

  async awaitTrigger(trigger: string, signal: AbortSignal): Promise<void> {
    const words = trigger === "bgsave" ? /Background saving started/ : /Background append only file rewriting started/;
    await this.nodes.get(this.clients.leadsTo)?.awaitLog(words, signal);
  }

  /** REPLICAOF NO ONE; the other replicas follow the new primary. */
  async promote(node: string, signal: AbortSignal) {
    const { at } = await bracket(async () => {
      await this.#admin.command(node, PROMOTE_TIMEOUT_MS, "REPLICAOF", "NO", "ONE");
      const done = await awaitCondition(
        async () => (await this.#admin.info(node, ADMIN_TIMEOUT_MS)).get("role") === "master",
        { everyMs: 3, timeoutMs: PROMOTE_TIMEOUT_MS, signal },
      );
      if (!done) throw new Error(`${node} was still a replica ${PROMOTE_TIMEOUT_MS} ms after REPLICAOF NO ONE`);
    });
    const address = this.nodes.get(node)!.address;
    const others = this.#config.replicas.map(({ name }) => `${this.name}.${name}`).filter((other) => other !== node);
    await Promise.allSettled(
      others.map((other) => this.#admin.command(other, ADMIN_TIMEOUT_MS, "REPLICAOF", address, PORT)),
    );
    return at;
  }

  awaitFailover(timeoutMs: number, signal: AbortSignal): Promise<Failover> {
    return this.#sentinels.awaitFailover(this.clients.leadsTo, this.#servers, timeoutMs, signal);
  }

  async settled(node: string, signal: AbortSignal): Promise<void> {
    const machine = this.nodes.get(node)!;
    let said = "it does not answer";
    const serves = await awaitCondition(
      async () => {
        try {
          const info = await this.#admin.info(node, ADMIN_TIMEOUT_MS);
          said = `it is loading (${info.get("loading_loaded_perc") ?? "?"} %)`;
          return info.get("loading") !== "1";
        } catch (thrown) {
          said = messageOf(thrown);
        }
        if ((await machine.state()) === "stopped")
          throw new Error(`${node} refused to start. Its last words: ${await lastWords(machine)}`);
        return false;
      },
      { everyMs: 20, timeoutMs: SETTLE_TIMEOUT_MS, signal },
    );
    if (!serves) throw new Error(`${node} did not serve within ${SETTLE_TIMEOUT_MS} ms: ${said}`);
  }

  erase() {
    return eraseAll(this.#admin, this.clients.leadsTo);
  }

  fill(signal: AbortSignal) {
    return fillUp(this.#admin, this.clients.leadsTo, signal);
  }

  repair(node: string, method: string, context: RepairContext): Promise<void> {
    return repairNode(method, {
      ...context,
      node: this.nodes.get(node)!,
      admin: this.#admin,
      settled: (name, signal) => this.settled(name, signal),
    });
  }

  async close(): Promise<void> {
    this.#admin.close();
  }
}
