import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Node } from "../../../../node.ts";
import type { Booting, StartStore, Store } from "../../provider.ts";
import { providerOf } from "../../providers.ts";
import { adminInfo } from "./admin.ts";

const PORT = 9000;
const DISK = "/blackstart/disk";

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
          ],
        }),
      ),
    ),
    context.openPaths(name, new Map(names.map(({ full }) => [full, PORT])), first!.full),
  ]);
  return new MinioStore(booting, new Map(nodes.map((node) => [node.name, node])), paths);
};

/** The drives as the server's arguments; several nodes name each other, in the same order on each. */
function drives({ config: { layout } }: Booting, addresses: readonly string[]): string[] {
  if (layout.nodes > 1) return addresses.map((address) => `http://${address}:${PORT}${DISK}/drive`);
  return layout.drives > 1 ? [`${DISK}/drive{1...${layout.drives}}`] : [`${DISK}/drive1`];
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
  readonly #booting: Booting;

  constructor(booting: Booting, nodes: ReadonlyMap<string, Node>, paths: Store["paths"]) {
    this.#booting = booting;
    this.nodes = nodes;
    this.paths = paths;
    this.doors = [...nodes.keys()];
    this.sites = booting.config.layout.sites > 1 ? this.doors : this.doors.slice(0, 1);
  }

  async facts(node: Node, _at: string, timeoutMs: number): Promise<Record<string, string>> {
    const port = this.paths.admin.get(node.name)!;
    const [info, live, cluster, clusterRead] = await Promise.all([
      adminInfo(port, this.#booting.credentials, timeoutMs),
      ...["live", "cluster", "cluster/read"].map((what) => health(port, what, timeoutMs)),
    ]);
    return {
      product: `minio ${info.version}`,
      process_start: info.startedAt,
      sync: this.#booting.config.sync ? "MINIO_FS_OSYNC=on" : "MINIO_FS_OSYNC=off",
      drives_online: String(info.drivesOnline),
      drives_offline: String(info.drivesOffline),
      write_quorum: info.writeQuorum,
      health_live: live!,
      health_cluster: cluster!,
      health_cluster_read: clusterRead!,
    };
  }

  async redundancy(): Promise<{ restored: boolean; detail: string }> {
    const port = this.paths.admin.get(this.paths.clients.leadsTo)!;
    const { layout } = this.#booting.config;
    const wanted = layout.nodes > 1 ? layout.nodes : layout.drives;
    try {
      const { drivesOnline, healing } = await adminInfo(port, this.#booting.credentials, 5_000);
      return {
        restored: drivesOnline >= wanted && healing === 0,
        detail: `${drivesOnline} of ${wanted} drives online, ${healing} being healed`,
      };
    } catch (thrown) {
      return { restored: false, detail: `the store does not say: ${String(thrown)}` };
    }
  }
}

/** The status that a health endpoint answers with, for the record: it is no proof of anything. */
async function health(port: number, what: string, timeoutMs: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/minio/health/${what}`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.arrayBuffer();
    return String(answer.status);
  } catch {
    return "no answer";
  }
}
