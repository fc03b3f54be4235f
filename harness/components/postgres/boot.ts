import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  type Archived,
  type Archiving,
  type ArchivingFault,
  type Boot,
  type Broken,
  type Component,
  type ComponentPaths,
  type Elements,
  isDepot,
  type NodeStart,
  type Promotable,
  type ReadBackSink,
  type Reconcilable,
  type RestoreContext,
  type RestoreOptions,
  type Sealed,
  type Serviceable,
  type Session,
  type StackContext,
} from "../../component.ts";
import { messageOf } from "../../errors.ts";
import { refuseDeadNodes } from "../dead-nodes.ts";
import type { ArchiveLook, ClockBracket, NodeFacts } from "../../history.ts";
import type { ClientPath, Node } from "../../node.ts";
import { bracket, nowNs } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { AdminConnections, textOf } from "./admin.ts";
import {
  type ArchiveConfig,
  archiveFiles,
  type Archiver,
  type BackupLevel,
  BUCKET,
  type ExpireOptions,
  sizesOf,
} from "./archiver.ts";
import { archiverKind } from "./archivers.ts";
import { ArchiveEye, breakArchiving } from "./archiving.ts";
import { Escrow } from "./escrow.ts";
import { amcheck, integrityFacts, nodeFacts, recoveryFacts } from "./facts.ts";
import { ledgerElements } from "./elements.ts";
import { postgres, type PostgresConfig } from "./kind.ts";
import { readAccounts, readLedger, schemaSql } from "./ledger-tables.ts";
import { Points } from "./points.ts";
import { restoreNode } from "./restore.ts";
import { type Shell, shellOn } from "./shell.ts";
import { DATABASE, openSession, USER } from "./session.ts";

const PORT = 5432;
const READY_TIMEOUT_MS = 60_000;
const ADMIN_TIMEOUT_MS = 2_000;
/** A node that is already lost must not hold up the next fault. */
const FAULT_FACTS_TIMEOUT_MS = 300;

/** Brings up a primary and its standbys side by side and returns when the primary takes connections. */
export const boot: Boot<PostgresConfig> = async (
  name,
  config,
  context,
  password = randomBytes(24).toString("base64url"),
) => {
  const script = await readFile(path.join(import.meta.dirname, "boot.sh"), "utf8");
  const archiver = config.archive ? await openArchiver(name, config, config.archive, context) : null;
  const specs = postgres.nodes(config).map((node) => ({ ...node, full: `${name}.${node.name}` }));
  const primary = `${name}.primary`;
  const [started, paths] = await Promise.all([
    Promise.all(
      specs.map((spec) => context.startNode(nodeStart(spec, { name, config, context, script, password, archiver }))),
    ),
    context.openPaths(name, new Map(specs.map((spec) => [spec.full, PORT])), primary),
  ]);
  return new PostgresComponent(name, config, new Map(started.map((node) => [node.name, node])), paths, {
    password,
    archiver,
  });
};

/** The store has to be there first: the files of every node say how it is reached. */
async function openArchiver(
  name: string,
  { version }: PostgresConfig,
  config: ArchiveConfig,
  context: StackContext,
): Promise<Archiver> {
  const depot = await context.component(config.to);
  if (!isDepot(depot)) throw new Error(`${config.to} (${depot.kind}) keeps no objects for others`);
  const [{ open }, access] = await Promise.all([archiverKind(config.tool).load(), depot.depot(BUCKET)]);
  return open({ version, config, prefix: config.prefix ?? name, access, depot });
}

interface Booting {
  readonly name: string;
  readonly config: PostgresConfig;
  readonly context: StackContext;
  readonly script: string;
  readonly password: string;
  readonly archiver: Archiver | null;
}

function nodeStart(
  spec: { name: string; full: string; role: string; image: string },
  { name, config, context, script, password, archiver }: Booting,
): NodeStart {
  const { role } = spec;
  const isPrimary = role === "primary";
  const primaryAddress = context.addressOf(`${name}.primary`);
  const slot = spec.name.replaceAll("-", "_");
  const env = {
    ROLE: isPrimary || role === "spare" ? role : role.endsWith("receiver") ? "receiver" : "standby",
    VERSION: String(config.version),
    PRIMARY: primaryAddress,
    SLOT: slot,
  };
  // On the command line only: a promoted standby that inherited it would wait for ever for a standby it does not have.
  const names = synchronousNames(config);
  const argv = isPrimary && names ? ["-c", `synchronous_standby_names=${names}`] : [];
  return {
    name: spec.full,
    image: spec.image,
    argv: ["sh", "/blackstart/boot.sh", ...argv],
    env: {},
    disk: "/blackstart/disk",
    files: [
      { path: "/blackstart/boot.sh", content: script, mode: 0o755 },
      {
        path: "/blackstart/node.env",
        content: Object.entries(env)
          .map(([k, v]) => `${k}=${v}\n`)
          .join(""),
        mode: 0o644,
      },
      { path: "/blackstart/password", content: `${password}\n`, mode: 0o600 },
      { path: "/blackstart/pgpass", content: `*:*:*:*:${password}\n`, mode: 0o600 },
      {
        path: "/blackstart/server.conf",
        content: serverConf(spec.name, config, {
          archiver,
          standby: isPrimary || role === "spare" ? null : { primaryAddress, slot },
        }),
        mode: 0o644,
      },
      ...(archiver ? archiveFiles(archiver) : []),
    ],
  };
}

function serverConf(
  nodeName: string,
  config: PostgresConfig,
  { archiver, standby }: { archiver: Archiver | null; standby: { primaryAddress: string; slot: string } | null },
): string {
  const settings: Record<string, string | number | boolean> = {
    listen_addresses: "*",
    cluster_name: nodeName,
    wal_level: "replica",
    max_wal_senders: 10,
    max_replication_slots: 10,
    hot_standby: "on",
    wal_keep_size: "256MB",
    log_checkpoints: "on",
    log_line_prefix: "%m [%p] ",
    log_timezone: "UTC",
    shared_preload_libraries: "",
    ...archiver?.settings,
    ...config.settings,
  };
  if (standby) {
    settings["primary_conninfo"] = `host=${standby.primaryAddress} user=postgres passfile=/blackstart/run/pgpass`;
    settings["primary_slot_name"] = standby.slot;
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key} = '${settingText(value).replaceAll("'", "''")}'\n`)
    .join("");
}

/** YAML 1.2 reads `on` and `off` as words, `true` and `false` as booleans; the server knows both. */
const settingText = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value);

/** `FIRST 1 ("standby")`; all synchronous standbys have to confirm unless the scenario says otherwise. Empty without any. */
export function synchronousNames(config: PostgresConfig): string {
  const names = config.standbys.filter((s) => s.replication === "synchronous").map((s) => `"${s.name}"`);
  if (config.archive?.receiver === "synchronous") names.push('"receiver"');
  if (names.length === 0) return "";
  const { method, count } = config.synchronous ?? { method: "first", count: names.length };
  return `${method.toUpperCase()} ${count} (${names.join(", ")})`;
}

/** Everything that follows the primary over the replication protocol. */
const attached = ({ standbys, archive }: PostgresConfig): { name: string; replication: string }[] => [
  ...standbys,
  ...(archive?.receiver ? [{ name: "receiver", replication: archive.receiver }] : []),
];

class PostgresComponent implements Component, Promotable, Reconcilable, Serviceable, Archived, Archiving, Sealed {
  readonly kind = "postgres";
  readonly name: string;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly clients: ClientPath;
  readonly elements: Elements;
  readonly #config: PostgresConfig;
  readonly #password: string;
  readonly #admin: AdminConnections;
  readonly #archiver: Archiver | null;
  readonly #escrow: Escrow | null;
  readonly #points: Points;
  #eye: { node: string; eye: ArchiveEye } | undefined;
  /** Machines whose server has run: a spare that nobody restored onto has none that could be asked. */
  readonly #servers: Set<string>;

  constructor(
    name: string,
    config: PostgresConfig,
    nodes: ReadonlyMap<string, Node>,
    paths: ComponentPaths,
    { password, archiver }: { password: string; archiver: Archiver | null },
  ) {
    this.name = name;
    this.nodes = nodes;
    this.clients = paths.clients;
    this.#config = config;
    this.#password = password;
    this.#admin = new AdminConnections(paths.admin, password);
    this.#archiver = archiver;
    this.#escrow = archiver && new Escrow(archiver);
    this.#points = new Points(this.#admin);
    this.#servers = new Set(["primary", ...config.standbys.map((s) => s.name)].map((node) => `${name}.${node}`));
    this.elements = ledgerElements(this.#admin, () => this.clients.leadsTo);
  }

  async ready(signal: AbortSignal): Promise<void> {
    let missing = "the primary takes no connections";
    const attached = await awaitCondition(
      async () => {
        await refuseDeadNodes(this.nodes.values());
        try {
          missing = await this.#missing();
        } catch (thrown) {
          missing = messageOf(thrown);
        }
        return missing === "";
      },
      { everyMs: 20, timeoutMs: READY_TIMEOUT_MS, signal },
    );
    if (!attached) throw new Error(`${this.name} was not ready within ${READY_TIMEOUT_MS} ms: ${missing}`);
    await Promise.all([...this.#servers].map((node) => this.#admin.query(node, "SELECT 1", ADMIN_TIMEOUT_MS))); // open beforehand: a promotion must not wait for a connection
  }

  /** What is not attached yet, in words; empty when every standby streams as configured. Both ends are asked: a base backup shows as a standby too. */
  async #missing(): Promise<string> {
    const primary = this.clients.leadsTo;
    const senders = await this.#admin.query(
      primary,
      "SELECT application_name AS name, sync_state FROM pg_stat_replication WHERE state = 'streaming'",
      ADMIN_TIMEOUT_MS,
    );
    const states = new Map(senders.map((row) => [textOf(row, "name"), textOf(row, "sync_state")]));
    for (const { name, replication } of attached(this.#config)) {
      const state = states.get(name);
      if (!state) return `standby ${name} is not streaming`;
      if ((replication === "synchronous") !== (state !== "async")) return `standby ${name} is ${state}`;
      if (name === "receiver") continue; // it has no server that could be asked
      const receiver = await this.#admin.query(
        `${this.name}.${name}`,
        "SELECT status FROM pg_stat_wal_receiver",
        ADMIN_TIMEOUT_MS,
      );
      const status = textOf(receiver[0], "status");
      if (status !== "streaming") return `the receiver of standby ${name} is ${status || "not there"}`;
    }
    return "";
  }

  async prepare(): Promise<void> {
    await this.#admin.query(this.clients.leadsTo, schemaSql(this.#config.uniqueKey), 30_000);
    if (!this.#archiver) return;
    await this.#archiver.prepare?.(this.#shell());
    await this.#points.mark(this.clients.leadsTo, "before-backups");
    await this.backUp("full");
  }

  /** Backups are taken where clients write. */
  async backUp(level: BackupLevel): Promise<{ label: string; detail: string }> {
    const backup = await this.#archive().backUp(this.#shell(), level);
    return { label: backup.label, detail: `${backup.startLsn} to ${backup.stopLsn}, ${sizesOf(backup)}` };
  }

  markPoint(name: string): Promise<string> {
    return this.#points.mark(this.clients.leadsTo, name);
  }

  async restore(name: string, options: RestoreOptions, context: RestoreContext): Promise<void> {
    this.#servers.add(name);
    const receiver = this.nodes.get(`${this.name}.receiver`) ?? null;
    const bench = { ...this.#bench(name), receiver, points: this.#points, escrow: this.#safe() };
    await restoreNode(bench, options, context);
  }

  expire(options: ExpireOptions): Promise<string> {
    return this.#archive().expire(this.#shell(), options);
  }

  breakArchiving(how: ArchivingFault): Promise<Broken> {
    return breakArchiving(this.#bench(this.clients.leadsTo), how);
  }

  /** Of the server that clients were led to first; one that takes over archives elsewhere, or not at all. */
  async lookAtArchive(): Promise<ArchiveLook | null> {
    const node = this.clients.leadsTo;
    if (!this.#archiver || (this.#eye && this.#eye.node !== node)) return null;
    this.#eye ??= { node, eye: new ArchiveEye(this.#bench(node)) };
    return this.#eye.eye.look();
  }

  async escrow(material: "all" | "without-passphrase"): Promise<string> {
    return this.#safe().keep(material);
  }

  loseAccess(node: string): Promise<Broken> {
    return this.#safe().lose(this.#node(node));
  }

  #bench(name: string) {
    return { node: this.#node(name), archiver: this.#archive(), admin: this.#admin };
  }

  #safe(): Escrow {
    if (!this.#escrow) throw new Error(`${this.name} keeps no archive`);
    return this.#escrow;
  }

  #node(name: string): Node {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`${name} is no node of ${this.name}`);
    return node;
  }

  #archive(): Archiver {
    if (!this.#archiver) throw new Error(`${this.name} keeps no archive`);
    return this.#archiver;
  }

  #shell(): Shell {
    return shellOn(this.nodes.get(this.clients.leadsTo)!);
  }

  connect(timeoutMs: number): Promise<Session> {
    return openSession(this.name, this.clients.port, this.#password, timeoutMs);
  }

  serviceAccess(): Record<string, string | number> {
    const { host, port } = this.clients;
    return { host, port, user: USER, password: this.#password, database: DATABASE };
  }

  async facts(at: NodeFacts["at"]): Promise<Omit<NodeFacts, "ms">[]> {
    const found = await Promise.all(
      this.#asked().map(async (node) => {
        try {
          if ((await node.state()) !== "running") throw new Error(`the node is ${await node.state()}`);
          const values = await nodeFacts(
            this.#admin,
            node.name,
            at === "fault" ? FAULT_FACTS_TIMEOUT_MS : ADMIN_TIMEOUT_MS,
          );
          if (at === "recovered" && node.name === this.clients.leadsTo)
            Object.assign(values, await this.#recoveredFacts(node));
          return [
            {
              at,
              component: this.name,
              node: node.name,
              values: { ...values, serves: String(node.name === this.clients.leadsTo) },
            },
          ];
        } catch (thrown) {
          return [{ at, component: this.name, node: node.name, values: { unreachable: messageOf(thrown) } }];
        }
      }),
    );
    return found.flat();
  }

  #asked(): Node[] {
    return [...this.nodes.values()].filter(({ name }) => this.#servers.has(name));
  }

  async #recoveredFacts(node: Node): Promise<Record<string, string>> {
    const [recovery, integrity, structure] = await Promise.all([
      recoveryFacts(this.#admin, node),
      integrityFacts(this.#admin, node.name),
      amcheck(node),
    ]);
    return { ...recovery, ...integrity, ...structure };
  }

  async clocks(): Promise<ClockBracket["stores"]> {
    const stores = await Promise.all(
      this.#asked().map(async (node) => {
        if ((await node.state()) !== "running") return [];
        try {
          await this.#admin.query(node.name, "SELECT 1", 300); // so that no connecting stands inside the bracket
          const fromNs = nowNs();
          const rows = await this.#admin.query(
            node.name,
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text AS us",
            300,
          );
          return [
            { node: node.name, fromNs: String(fromNs), toNs: String(nowNs()), wallNs: `${textOf(rows[0], "us")}000` },
          ];
        } catch {
          return []; // a node that does not answer has no clock to compare
        }
      }),
    );
    return stores.flat();
  }

  async readBack(sink: ReadBackSink): Promise<void> {
    await readLedger(this.#admin, this.clients.leadsTo, (element) => sink.element({ ...element, store: this.name }));
    await readAccounts(this.#admin, this.clients.leadsTo, (account) => sink.account({ ...account, store: this.name }));
  }

  /** pg_promote(true) polls every 100 ms; asked not to wait and looked at every 5 ms, it takes a third of that. */
  async promote(node: string, signal: AbortSignal) {
    const { at } = await bracket(async () => {
      await this.#admin.query(node, "SELECT pg_promote(false)", 10_000);
      const done = await awaitCondition(
        async () =>
          (await this.#admin.query(node, "SELECT pg_is_in_recovery() AS waiting", ADMIN_TIMEOUT_MS))[0]?.["waiting"] ===
          false,
        { everyMs: 3, timeoutMs: 120_000, signal },
      );
      if (!done) throw new Error(`${node} was still in recovery 120 s after pg_promote`);
    });
    return at;
  }

  async redundancy(): Promise<{ restored: boolean; detail: string }> {
    const wanted = attached(this.#config).length;
    if (wanted === 0) return { restored: true, detail: "the scenario has nothing that is attached" };
    const rows = await this.#admin.query(
      this.clients.leadsTo,
      "SELECT application_name AS name FROM pg_stat_replication WHERE state = 'streaming'",
      ADMIN_TIMEOUT_MS,
    );
    return {
      restored: rows.length >= wanted,
      detail: `${rows.length} of ${wanted} standbys attached to ${this.clients.leadsTo}`,
    };
  }

  async awaitTrigger(trigger: string, signal: AbortSignal): Promise<void> {
    const serving = this.clients.leadsTo;
    if (trigger === "checkpoint") return this.nodes.get(serving)?.awaitLog(/checkpoint starting/, signal);
    const file = async () =>
      (
        await this.#admin.query(
          serving,
          "SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS file",
          ADMIN_TIMEOUT_MS,
        )
      )[0]?.["file"];
    const first = await file();
    await awaitCondition(async () => (await file()) !== first, { everyMs: 5, timeoutMs: 600_000, signal });
  }

  async close(): Promise<void> {
    this.#admin.close();
  }
}
