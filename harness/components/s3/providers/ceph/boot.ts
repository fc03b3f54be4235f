import { readFile } from "node:fs/promises";
import { randomBytes, randomUUID } from "node:crypto";
import path from "node:path";
import type { NodeStart } from "../../../../component.ts";
import type { CorruptOptions, Drives } from "../../../../capabilities.ts";
import type { NodeFacts } from "../../../../history.ts";
import type { Node } from "../../../../node.ts";
import { type Endpoint, LEDGER } from "../../client.ts";
import type { Booting, Damage, StartStore, Store } from "../../provider.ts";
import { askDaemon, ask, notWhole, placementGroupsOf, poolWords, type State, stateOf } from "./cluster.ts";
import { cephDrives } from "./drives.ts";
import { cephConf, cephKey, commands, keyring, userJson, uuidsOf } from "./files.ts";
import { type Cluster, clusters, DISK, drivesOf, erasureCoded, type Machine, poolName, PORT } from "../ceph-layout.ts";
import { awaitReplication } from "./replication.ts";
import { damageObjects } from "./rot.ts";
import { scrub } from "./scrub.ts";

const ASK_MS = 5_000;
const RULES_MS = 60_000;
const SCRIPTS = ["boot.sh", "gateway.sh", "ask.py", "rot.py"] as const;

export const start: StartStore = async (booting) => {
  const { name, config, context } = booting;
  const scripts = await Promise.all(SCRIPTS.map((file) => readFile(path.join(import.meta.dirname, file), "utf8")));
  const all = clusters(config);
  const sync = { accessKeyId: "sync", secretAccessKey: randomBytes(24).toString("base64url") };
  const starts = all.flatMap((cluster, i) => {
    const made = { fsid: randomUUID(), key: cephKey(), uuids: uuidsOf(cluster) };
    return cluster.machines.map((machine) =>
      nodeStart(booting, { cluster, machine, first: i === 0, made, scripts, sync }),
    );
  });
  const doors = starts.filter(({ door }) => door).map(({ spec }) => spec.name);
  const [nodes, paths] = await Promise.all([
    Promise.all(starts.map(({ spec }) => context.startNode(spec))),
    context.openPaths(name, new Map(doors.map((door) => [door, PORT])), doors[0]!),
  ]);
  return new CephStore(booting, all, new Map(nodes.map((node) => [node.name, node])), paths, doors);
};

interface Placing {
  readonly cluster: Cluster;
  readonly machine: Machine;
  /** Of several sites the one that the others follow. */
  readonly first: boolean;
  readonly made: { fsid: string; key: string; uuids: ReadonlyMap<number, string> };
  readonly scripts: readonly string[];
  readonly sync: { accessKeyId: string; secretAccessKey: string };
}

function nodeStart(booting: Booting, placing: Placing): { spec: NodeStart; door: boolean } {
  const { name, config, credentials, certificate } = booting;
  const { cluster, machine, first, made, scripts, sync } = placing;
  const door = machine.runs.includes("rgw");
  const sites = config.replication ? (first ? "master" : "second") : "";
  const isFirstDoor = door && cluster.machines.find(({ runs }) => runs.includes("rgw")) === machine;
  const monitor = cluster.machines.find(({ runs }) => runs.includes("mon"))!;
  const env: Record<string, string> = {
    RUNS: machine.runs.join(" "),
    DRIVES: machine.drives.join(" "),
    DISK,
    MON: booting.context.addressOf(`${name}.${monitor.name}`),
    PORT: String(PORT),
    ZONE: cluster.zone,
    LAST_POOL: poolName(cluster.zone, "buckets.data"),
    SITE: sites,
    MASTER: sites === "second" ? booting.context.addressOf(`${name}.site-a`) : "",
    OWNS_USERS: isFirstDoor && sites !== "second" ? "yes" : "no", // a second site hears of them from the first
  };
  const secret = (file: string, content: string) => ({ path: `/blackstart/${file}`, content, mode: 0o600 });
  const files = [
    ...SCRIPTS.map((file, i) => ({ path: `/blackstart/${file}`, content: scripts[i]!, mode: 0o755 })),
    secret("node.env", lines(Object.entries(env).map(([key, value]) => `${key}="${value}"`))),
    secret("ceph.conf", cephConf(cluster, made.fsid, config.tls)),
    secret("keyring", keyring(cluster, made.key)),
    secret("commands", lines(commands(cluster, made.uuids).map((batch) => JSON.stringify(batch)))),
    secret("user.blackstart", userJson("blackstart", credentials)),
    ...(door && certificate ? [secret("tls.crt", certificate.certPem), secret("tls.key", certificate.keyPem)] : []),
    ...machine.drives.map((id) => secret(`drive.${id}`, `${made.uuids.get(id)}\n`)),
    ...(sites
      ? [
          secret("user.sync", userJson("sync", sync, true)),
          secret("sync.args", `--access-key=${sync.accessKeyId} --secret=${sync.secretAccessKey}\n`),
        ]
      : []),
  ];
  const image = config.image ?? "ceph";
  const argv = ["sh", "/blackstart/boot.sh"];
  return { spec: { name: `${name}.${machine.name}`, image, argv, env: {}, disk: DISK, files }, door };
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");

class CephStore implements Store {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly paths: Store["paths"];
  readonly doors: readonly string[];
  readonly sites: readonly string[];
  readonly drives?: Drives;
  readonly #booting: Booting;
  readonly #clusters: readonly Cluster[];
  readonly #asked = new Map<Node, Promise<State>>();
  #version: string | undefined;

  constructor(
    booting: Booting,
    all: readonly Cluster[],
    nodes: ReadonlyMap<string, Node>,
    paths: Store["paths"],
    doors: readonly string[],
  ) {
    this.#booting = booting;
    this.#clusters = all;
    this.nodes = nodes;
    this.paths = paths;
    this.doors = doors;
    this.sites = all.length > 1 ? doors : doors.slice(0, 1);
    const [cluster] = all;
    if (cluster && erasureCoded(cluster)) {
      const drives = cluster.machines.flatMap(({ name, drives: ids }) =>
        ids.map((id) => ({ name: `${name} drive ${id}`, node: this.#node(name), id })),
      );
      this.drives = cephDrives(drives, this.#monitor(cluster));
    }
  }

  #node(short: string): Node {
    const node = this.nodes.get(`${this.#booting.name}.${short}`);
    if (!node) throw new Error(`no node is called ${this.#booting.name}.${short}`);
    return node;
  }

  #endpointOf(door: string): Endpoint {
    return this.#booting.endpoint(this.paths.admin.get(door)!);
  }

  #clusterOf(node: Node): { cluster: Cluster; machine: Machine } {
    for (const cluster of this.#clusters)
      for (const machine of cluster.machines)
        if (`${this.#booting.name}.${machine.name}` === node.name) return { cluster, machine };
    throw new Error(`${node.name} is no node of this store`);
  }

  #monitor({ machines }: Cluster): Node {
    return this.#node(machines.find(({ runs }) => runs.includes("mon"))!.name);
  }

  async facts(node: Node, at: NodeFacts["at"], timeoutMs: number): Promise<Record<string, string>> {
    const { cluster, machine } = this.#clusterOf(node);
    const monitor = this.#monitor(cluster);
    const [{ dump, complaints }, own, version] = await Promise.all([
      this.#stateOf(monitor, timeoutMs),
      // At a fault there is no time for more than the settings.
      at === "fault" || machine.runs.includes("mon") ? "" : this.#ownState(node, machine, timeoutMs),
      this.#product(monitor),
    ]);
    const data = dump.pools.find(({ pool_name }) => pool_name === poolName(cluster.zone, "buckets.data"));
    const up = dump.osds.filter((osd) => osd.up === 1);
    const kept = dump.osds.filter((osd) => osd.in === 1);
    return {
      product: version,
      sync: "always", // BlueStore acknowledges what its log has synced
      write_quorum: data ? `${data.min_size} of ${data.size}` : "not said",
      pool: poolWords(dump, poolName(cluster.zone, "buckets.data")),
      drives_online: String(up.length),
      drives_offline: String(dump.osds.length - up.length),
      drives_in: String(kept.length),
      health: complaints.length > 0 ? complaints.join("; ") : "no complaint",
      ...(own && { drive_state: own }),
      ...(this.#booting.config.replication && { replication: "asynchronous, both ways, deletions too" }),
    };
  }

  /** Of one answer for every node that is asked about at once: each costs the machine a process. */
  #stateOf(monitor: Node, timeoutMs: number): Promise<State> {
    const asked = this.#asked.get(monitor);
    if (asked) return asked;
    const state = stateOf(monitor, timeoutMs).finally(() => this.#asked.delete(monitor));
    this.#asked.set(monitor, state);
    return state;
  }

  /** That the node itself answers, and not only its cluster for it. */
  async #ownState(node: Node, { drives }: Machine, timeoutMs: number): Promise<string> {
    const states = await Promise.all(
      drives.map(async (id) => {
        const [text] = await askDaemon(node, `osd.${id}`, ["status"], timeoutMs);
        return `osd.${id} ${String((JSON.parse(text!) as { state: unknown }).state)}`;
      }),
    );
    return states.join(", ");
  }

  async #product(monitor: Node): Promise<string> {
    if (!this.#version) {
      const [text] = await ask(monitor, [{ prefix: "version", format: "json" }], ASK_MS);
      this.#version = /ceph version (\S+)/.exec(text!)?.[1] ?? "of an unknown version";
    }
    return `ceph ${this.#version}`;
  }

  async redundancy(): Promise<{ restored: boolean; detail: string }> {
    const said = await Promise.all(this.#clusters.map((cluster) => this.#redundancyOf(cluster)));
    return { restored: said.every(({ restored }) => restored), detail: said.map(({ detail }) => detail).join("; ") };
  }

  async #redundancyOf(cluster: Cluster): Promise<{ restored: boolean; detail: string }> {
    const where = this.#clusters.length > 1 ? `zone ${cluster.zone}: ` : "";
    try {
      const monitor = this.#monitor(cluster);
      const wanted = drivesOf(cluster).length;
      const { dump } = await stateOf(monitor, ASK_MS);
      const up = dump.osds.filter((osd) => osd.up === 1);
      const groups = erasureCoded(cluster) ? await placementGroupsOf(monitor, ASK_MS) : [];
      const left = notWhole(groups, dump);
      return {
        restored: up.length >= wanted && left === "",
        detail: `${where}${up.length} of ${wanted} drives up, ${left === "" ? "every placement group whole" : `not whole: ${left}`}`,
      };
    } catch (thrown) {
      return { restored: false, detail: `${where}the cluster does not say: ${String(thrown)}` };
    }
  }

  /** A bucket is followed some seconds after it was made; a drill that began earlier would find the second site empty. */
  async settle(signal: AbortSignal): Promise<void> {
    const { config, credentials } = this.#booting;
    const [first, second] = this.doors;
    if (!config.replication || !first || !second) return;
    await awaitReplication({ from: this.#endpointOf(first), to: this.#endpointOf(second), credentials, signal });
  }

  damage(keys: readonly string[], options: CorruptOptions): Promise<Damage> {
    const [cluster] = this.#clusters;
    const { credentials } = this.#booting;
    const at = this.#endpointOf(this.paths.clients.leadsTo);
    const drives = cluster!.machines.flatMap(({ name, drives: ids }) =>
      ids.map((id) => ({ id, node: this.#node(name) })),
    );
    const door = this.nodes.get(this.paths.clients.leadsTo)!;
    return damageObjects({
      keys,
      options,
      credentials,
      at,
      drives,
      door,
      cluster: cluster!,
      monitor: this.#monitor(cluster!),
    });
  }

  scrub(signal: AbortSignal): Promise<string> {
    const [cluster] = this.#clusters;
    if (!cluster || !erasureCoded(cluster))
      return Promise.reject(new Error("a store on one drive has nothing to repair from"));
    return scrub(this.#monitor(cluster), poolName(cluster.zone, "buckets.data"), signal);
  }

  async runRules(): Promise<void> {
    const door = this.nodes.get(this.paths.clients.leadsTo)!;
    const { code, stderr } = await door.exec(
      ["radosgw-admin", "--name", "client.rgw.a", "--rgw-lc-debug-interval=1", "lc", "process", `--bucket=${LEDGER}`],
      { timeoutMs: RULES_MS },
    );
    if (code !== 0) throw new Error(`the rules of ${LEDGER} did not run: ${stderr.trim().split("\n").at(-1)}`);
  }
}
