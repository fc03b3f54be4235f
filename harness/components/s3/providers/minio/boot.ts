import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Node } from "../../../../node.ts";
import type { Booting, Damage, StartStore, Store } from "../../provider.ts";
import { providerOf } from "../../providers.ts";
import type { NodeStart } from "../../../../component.ts";
import type { CorruptOptions, Drives } from "../../../../capabilities.ts";
import { awaitCondition } from "../../../../wait.ts";
import { type Endpoint, LEDGER } from "../../client.ts";
import { ask } from "../../signed.ts";
import { damageCopies, sh } from "../on-disk.ts";
import { type AdminInfo, adminInfo, healProgress, startDeepHeal } from "./admin.ts";
import { type Drive, minioDrives } from "./drives.ts";
import { replicateTo } from "./replication.ts";

const PORT = 9000;
const DISK = "/blackstart/disk";
const CERTS = "/blackstart/certs";

export const start: StartStore = async (booting) => {
  const { name, config, context } = booting;
  const script = await readFile(path.join(import.meta.dirname, "boot.sh"), "utf8");
  const names = providerOf(config)
    .nodes(config)
    .map((node) => ({ full: `${name}.${node.name}`, image: node.image }));
  const addresses = names.map(({ full }) => context.addressOf(full));
  const [first] = names;
  const [nodes, paths] = await Promise.all([
    Promise.all(
      names.map(({ full, image }) =>
        context.startNode({
          name: full,
          image,
          argv: ["sh", "/blackstart/boot.sh", ...drives(booting, addresses)],
          env: {},
          disk: DISK,
          files: [
            { path: "/blackstart/boot.sh", content: script, mode: 0o755 },
            { path: "/blackstart/store.env", content: settings(booting), mode: 0o600 },
            ...certificates(booting),
          ],
        }),
      ),
    ),
    context.openPaths(name, new Map(names.map(({ full }) => [full, PORT])), first!.full),
  ]);
  return new MinioStore(booting, new Map(nodes.map((node) => [node.name, node])), paths);
};

/** The drives as the server's arguments; several nodes name each other, in the same order on each. */
function drives({ config: { layout, tls } }: Booting, addresses: readonly string[]): string[] {
  if (layout.nodes > 1)
    return addresses.map((address) => `${tls ? "https" : "http"}://${address}:${PORT}${DISK}/drive`);
  return layout.drives > 1 ? [`${DISK}/drive{1...${layout.drives}}`] : [`${DISK}/drive1`];
}

/** As the server looks for them; the authority because its nodes and sites are each other's clients. */
function certificates({ certificate }: Booting): NodeStart["files"] {
  if (!certificate) return [];
  const file = (name: string, content: string) => ({ path: `${CERTS}/${name}`, content, mode: 0o600 });
  return [
    file("public.crt", certificate.certPem),
    file("private.key", certificate.keyPem),
    file("CAs/ca.crt", certificate.caPem),
  ];
}

/** Read by sh. The keys are of letters, digits, - and _ alone. */
function settings({ config, credentials }: Booting): string {
  const values: Record<string, string> = {
    MINIO_ROOT_USER: credentials.accessKeyId,
    MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
    MINIO_BROWSER: "off",
    MINIO_UPDATE: "off",
    MINIO_FS_OSYNC: config.sync ? "on" : "off",
    // Without it drives on a container's own disk are taken for drives that are missing.
    MINIO_CI_CD: "1",
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

class MinioStore implements Store {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly paths: Store["paths"];
  readonly doors: readonly string[];
  readonly sites: readonly string[];
  readonly drives: Drives;
  readonly #booting: Booting;
  readonly #all: readonly Drive[];

  constructor(booting: Booting, nodes: ReadonlyMap<string, Node>, paths: Store["paths"]) {
    this.#booting = booting;
    this.nodes = nodes;
    this.paths = paths;
    this.doors = [...nodes.keys()];
    this.sites = booting.config.layout.sites > 1 ? this.doors : this.doors.slice(0, 1);
    this.#all = drivesOf(booting, [...nodes.values()]);
    this.drives = minioDrives(this.#all, () => this.#info(5_000));
  }

  #info(timeoutMs: number): Promise<AdminInfo> {
    return adminInfo(this.#at, this.#booting.credentials, timeoutMs);
  }

  /** Of the node that serves: any of them speaks for the whole store. */
  get #at(): Endpoint {
    return this.#endpointOf(this.paths.clients.leadsTo);
  }

  #endpointOf(node: string): Endpoint {
    return this.#booting.endpoint(this.paths.admin.get(node)!);
  }

  async settle(): Promise<void> {
    const { config, credentials } = this.#booting;
    const [from, to] = this.sites;
    if (!config.replication || from === undefined || to === undefined) return;
    await replicateTo({
      at: this.#endpointOf(from),
      credentials,
      to: `${this.nodes.get(to)!.address}:${PORT}`,
      replication: config.replication,
    });
  }

  async facts(node: Node, _when: string, timeoutMs: number): Promise<Record<string, string>> {
    const at = this.#endpointOf(node.name);
    const [info, live, cluster, clusterRead] = await Promise.all([
      adminInfo(at, this.#booting.credentials, timeoutMs),
      ...["live", "cluster", "cluster/read"].map((what) => health(at, what, timeoutMs)),
    ]);
    return {
      product: `minio ${info.version}`,
      sync: this.#booting.config.sync ? "MINIO_FS_OSYNC=on" : "MINIO_FS_OSYNC=off",
      drives_online: String(info.drivesOnline),
      drives_offline: String(info.drivesOffline),
      write_quorum: info.writeQuorum,
      replication: node.name === this.sites[0] ? (this.#booting.config.replication?.mode ?? "none") : "none",
      health_live: live!,
      health_cluster: cluster!,
      health_cluster_read: clusterRead!,
    };
  }

  async redundancy(): Promise<{ restored: boolean; detail: string }> {
    const { layout } = this.#booting.config;
    const wanted = layout.nodes > 1 ? layout.nodes : layout.drives;
    try {
      const { drivesOnline, healing } = await this.#info(5_000);
      return {
        restored: drivesOnline >= wanted && healing === 0,
        detail: `${drivesOnline} of ${wanted} drives online, ${healing} being healed`,
      };
    } catch (thrown) {
      return { restored: false, detail: `the store does not say: ${String(thrown)}` };
    }
  }

  /**
   * An object's copies: content of at most 128 KiB a drive lies behind the metadata in xl.meta, and a larger one in files of its own.
   * The newest version's content stands last.
   */
  async damage(keys: readonly string[], { copies, part }: CorruptOptions): Promise<Damage> {
    if (copies > this.#all.length)
      throw new Error(`${copies} drives are to be damaged and the store has ${this.#all.length}`);
    const drives = this.#all.slice(0, copies);
    const found = await Promise.all(
      drives.map(async ({ node, path: drive }) => {
        const folders = keys.map((key) => `${drive}/${LEDGER}/${key}`);
        if (part === "whole") return folders.map((folder) => ({ node, path: folder, at: 0 }));
        const files = (await sh(node, FILES, folders)).trim().split("\n");
        return files.map((line) => {
          const [meta = "", content = ""] = line.split(" ");
          if (part === "metadata") return { node, path: meta, at: METADATA_BYTE };
          return content === "" ? { node, path: meta, at: -1 } : { node, path: content, at: CONTENT_BYTE };
        });
      }),
    );
    const others = this.#all.slice(copies);
    return { ...(await damageCopies(found.flat(), part)), remains: () => remains(others, keys) };
  }

  /** Plain heals and the scanner leave rot alone, also with bitrot scanning on (measured): only a deep heal reads the bytes. */
  async scrub(signal: AbortSignal): Promise<string> {
    const { credentials } = this.#booting;
    const token = await startDeepHeal(this.#at, LEDGER, credentials);
    const sum = { scanned: 0, repaired: 0, left: 0 };
    const done = await awaitCondition(() => healProgress(this.#at, { bucket: LEDGER, token }, credentials, sum), {
      everyMs: 200,
      timeoutMs: SCRUB_MS,
      signal,
    });
    const words = `${sum.scanned} objects read, ${sum.repaired} repaired, ${sum.left} not whole`;
    if (!done) throw new Error(`the heal did not end within ${SCRUB_MS} ms: ${words}`);
    if (sum.left > 0) throw new Error(`the heal ended and left damage: ${words}`);
    return words;
  }
}

const SCRUB_MS = 300_000;
/** Behind the magic number and the versions of the format. */
const METADATA_BYTE = 32;
/** Behind the hash that stands before each block. */
const CONTENT_BYTE = 64;

/** `xl.meta` and, where there is one, the first file of the content. */
const FILES = `while read -r folder; do
  content=; for file in "$folder"/*/part.1; do [ -e "$file" ] && content=$file; done
  echo "$folder/xl.meta $content"
done`;

/** On how many keys there is something on any of the drives. */
async function remains(drives: readonly Drive[], keys: readonly string[]): Promise<number> {
  const there = new Set<string>();
  for (const { node, path: drive } of drives) {
    const text = await sh(
      node,
      THERE,
      keys.map((key) => `${drive}/${LEDGER}/${key} ${key}`),
    );
    for (const key of text.split("\n")) if (key !== "") there.add(key);
  }
  return there.size;
}

const THERE = `while read -r folder key; do if [ -e "$folder" ]; then echo "$key"; fi; done`;

function drivesOf({ config: { layout } }: Booting, nodes: readonly Node[]): Drive[] {
  if (layout.nodes > 1) return nodes.map((node) => ({ name: node.name, node, path: `${DISK}/drive` }));
  return nodes.flatMap((node) =>
    Array.from({ length: layout.drives }, (_, i) => ({
      name: `${node.name}/drive${i + 1}`,
      node,
      path: `${DISK}/drive${i + 1}`,
    })),
  );
}

/** The status that a health endpoint answers with, for the record: it is no proof of anything. */
async function health(at: Endpoint, what: string, timeoutMs: number): Promise<string> {
  try {
    const { status } = await ask(at, { method: "GET", path: `/minio/health/${what}` }, timeoutMs);
    return String(status);
  } catch {
    return "no answer";
  }
}
