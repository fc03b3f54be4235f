import type {
  ArchiveDamage,
  ArchiveDamaged,
  Archived,
  ArchivePlace,
  Archiving,
  ArchivingFault,
  Broken,
  BrokenFetch,
  Component,
  ComponentPaths,
  CopiesBack,
  Elements,
  Followers,
  FollowOptions,
  HasSchema,
  InsideSpan,
  Inspectable,
  KeepsSequences,
  Mistakable,
  Mistake,
  Mistaken,
  Promotable,
  ReadBackSink,
  Reconcilable,
  Rejoinable,
  Repairable,
  RepairContext,
  RestoreContext,
  RestoreOptions,
  SchemaChange,
  Sealed,
  Serviceable,
  Session,
  Settles,
  Sighting,
  StackContext,
  TakesBatches,
  Triable,
} from "../../component.ts";
import { messageOf } from "../../errors.ts";
import { refuseDeadNodes } from "../dead-nodes.ts";
import type { ArchiveLook, ClockBracket, NodeFacts } from "../../history.ts";
import type { ClientPath, Node } from "../../node.ts";
import { bracket, type Bracket, nowNs } from "../../time.ts";
import type { Locatable, Location, PageWrite, PageWriting, Where } from "../../place.ts";
import { awaitCondition } from "../../wait.ts";
import { AdminConnections, textOf } from "./admin.ts";
import { type ArchiveStore, damageArchive } from "./archive-damage.ts";
import { type Archiver, type BackupLevel, type ExpireOptions, sizesOf } from "./archiver.ts";
import { archiveNow } from "./archive-now.ts";
import { ArchivingSide } from "./archiving.ts";
import { BALLAST_TIMEOUT_MS, ballastSql } from "./ballast.ts";
import { DATA_BYTES, DATA_BYTES_TIMEOUT_MS } from "./data-size.ts";
import { breakFetch } from "./broken-fetch.ts";
import { copyBack } from "./copy-back.ts";
import { amcheck, integrityFacts, nodeFacts, recoveryFacts } from "./facts.ts";
import { ledgerElements } from "./elements.ts";
import { DiskSide } from "./disk-side.ts";
import { Inspection } from "./inspection.ts";
import { err } from "./mistakes.ts";
import { Points } from "./points.ts";
import { patiently, readAccounts, readLedger } from "./read-back.ts";
import { rejoinNode } from "./rejoin.ts";
import { restoreNode } from "./restore.ts";
import { settle } from "./settle.ts";
import { type Shell, shellOn } from "./shell.ts";
import { syncSequences } from "./beside-rows.ts";
import { isLogical, type PostgresConfig } from "./kind.ts";
import { schemaSql, SEED_SQL } from "./ledger-tables.ts";
import { LogicalStandbys } from "./logical.ts";
import { changeSchema, runBatch } from "./releases.ts";
import { DATABASE, openSession, USER } from "./session.ts";
import { hypertableFacts, loadHypertable } from "./timescale.ts";
import { TRIGGERS } from "./triggers.ts";
import { tryOut } from "./try-out.ts";

const READY_TIMEOUT_MS = 60_000;
const ADMIN_TIMEOUT_MS = 2_000;
/** A node that is already lost must not hold up the next fault. */
const FAULT_FACTS_TIMEOUT_MS = 300;

export interface Booted {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly paths: ComponentPaths;
  readonly password: string;
  readonly archive: OpenArchive | null;
  readonly signal: AbortSignal;
  readonly backupTaken: StackContext["backupTaken"];
}

export interface OpenArchive extends ArchiveStore {
  readonly archiver: Archiver;
}

/** Everything that follows the primary over the replication protocol. */
const attached = ({ standbys, archive }: PostgresConfig): { name: string; replication: string }[] => [
  ...standbys,
  ...(archive?.receiver ? [{ name: "receiver", replication: archive.receiver }] : []),
];

/** A primary and everything around it, booted: the drill's hands and eyes on it. */
export class PostgresCluster
  implements
    Component,
    Archived,
    Archiving,
    CopiesBack,
    Followers,
    HasSchema,
    Inspectable,
    KeepsSequences,
    Locatable,
    Mistakable,
    PageWriting,
    Promotable,
    Reconcilable,
    Rejoinable,
    Repairable,
    Sealed,
    Serviceable,
    Settles,
    TakesBatches,
    Triable
{
  readonly kind = "postgres";
  readonly name: string;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly clients: ClientPath;
  readonly elements: Elements;
  readonly #config: PostgresConfig;
  readonly #password: string;
  readonly #admin: AdminConnections;
  readonly #logical: LogicalStandbys;
  readonly #signal: AbortSignal;
  readonly #archive: OpenArchive | null;
  readonly #backupTaken: StackContext["backupTaken"];
  readonly #archiving: ArchivingSide | null;
  readonly #points: Points;
  readonly #inspection = new Inspection();
  /** Machines whose server has run: a spare that nobody restored onto has none that could be asked. */
  readonly #servers: Set<string>;
  readonly #disks: DiskSide;
  /** Noted while the first server is whole: what a machine that is made anew must be a copy of. */
  #systemIdentifier: string | null = null;

  constructor(name: string, config: PostgresConfig, { nodes, paths, password, archive, signal, backupTaken }: Booted) {
    this.name = name;
    this.nodes = nodes;
    this.clients = paths.clients;
    this.#config = config;
    this.#password = password;
    this.#admin = new AdminConnections(paths.admin, password);
    this.#signal = signal;
    this.#logical = new LogicalStandbys(this.#admin, nodes, { component: name, standbys: config.standbys });
    this.#archive = archive;
    this.#backupTaken = backupTaken;
    this.#archiving = archive && new ArchivingSide(this.#admin, archive.archiver);
    this.#points = new Points(this.#admin);
    this.#servers = new Set(["primary", ...config.standbys.map((s) => s.name)].map((node) => `${name}.${node}`));
    this.#disks = new DiskSide(name, this.#admin);
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

  /** What is not attached yet, in words; empty when every physical standby streams as configured. Both ends are asked: a base backup shows as a standby too. */
  async #missing(): Promise<string> {
    const primary = this.clients.leadsTo;
    const senders = await this.#admin.query(
      primary,
      "SELECT application_name AS name, sync_state FROM pg_stat_replication WHERE state = 'streaming'",
      ADMIN_TIMEOUT_MS,
    );
    const states = new Map(senders.map((row) => [textOf(row, "name"), textOf(row, "sync_state")]));
    for (const { name, replication } of attached(this.#config).filter((s) => !isLogical(s))) {
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
    await this.#logical.answer();
    return "";
  }

  /** Ends with a checkpoint: a database that has been in use for a while would not lose its tables with the WAL since. */
  async prepare(): Promise<void> {
    const primary = this.clients.leadsTo;
    await this.#admin.query(primary, `${schemaSql(this.#config)}; ${SEED_SQL}`, 30_000);
    await this.#logical.subscribe(schemaSql(this.#config), this.#signal);
    if (this.#config.ballast !== undefined)
      await this.#admin.query(primary, ballastSql(this.#config.ballast), BALLAST_TIMEOUT_MS);
    if (this.#config.timescale) await loadHypertable(this.#admin, primary);
    await this.#admin.query(primary, "CHECKPOINT", 30_000);
    await this.#disks.askRelations(primary);
    if (!this.#archive) return;
    const [system] = await this.#admin.query(
      primary,
      "SELECT system_identifier::text AS id FROM pg_control_system()",
      ADMIN_TIMEOUT_MS,
    );
    this.#systemIdentifier = textOf(system, "id");
    await this.#archive.archiver.prepare?.(this.#shell());
    await this.#points.mark(this.clients.leadsTo, "before-backups");
    await this.backUp("full");
  }

  /** Backups are taken where clients write. */
  async backUp(level: BackupLevel): Promise<{ label: string; detail: string }> {
    const [row] = await this.#admin.query(
      this.clients.leadsTo,
      `SELECT (${DATA_BYTES})::text AS bytes`,
      DATA_BYTES_TIMEOUT_MS,
    );
    const { value, at } = await bracket(() => this.#opened().archiver.backUp(this.#shell(), level));
    const { label, startLsn, stopLsn } = value;
    this.#backupTaken({
      component: this.name,
      label,
      level: value.level,
      dataBytes: Number(textOf(row, "bytes")),
      storedBytes: value.bytes,
      fromNs: String(at.fromNs),
      toNs: String(at.toNs),
    });
    return { label, detail: `${startLsn} to ${stopLsn}, ${sizesOf(value)}` };
  }

  markPoint(name: string): Promise<string> {
    return this.#points.mark(this.clients.leadsTo, name);
  }

  async restore(name: string, options: RestoreOptions, context: RestoreContext): Promise<void> {
    const node = this.#node(name);
    const { source = this } = options;
    if (!(source instanceof PostgresCluster))
      throw new Error(`${source.name} (${source.kind}) keeps no archive that ${this.name} could be restored from`);
    this.#servers.add(name);
    const bench = {
      node,
      receiver: this.nodes.get(`${this.name}.receiver`) ?? null,
      archiver: source.#opened().archiver,
      admin: this.#admin,
      points: this.#points,
      escrow: this.#side().escrow,
      segmentBytes: source.#config.walSegment,
      systemIdentifier: this.#systemIdentifier,
      foreign: source !== this,
      chosen: this.#inspection.sawRestore.bind(this.#inspection),
    };
    await restoreNode(bench, options, context);
  }

  async expire(options: ExpireOptions): Promise<string> {
    const { archiver } = this.#opened();
    if (!archiver.expire) throw new Error(`nothing is known of how the archiver of ${this.name} deletes old backups`);
    return archiver.expire(this.#shell(), options);
  }

  breakArchiving(how: ArchivingFault): Promise<Broken> {
    return this.#side().break(this.#node(this.clients.leadsTo), how);
  }

  async lookAtArchive(): Promise<ArchiveLook | null> {
    return this.#archiving ? this.#archiving.look(this.#node(this.clients.leadsTo)) : null;
  }

  async escrow(material: "all" | "without-passphrase"): Promise<string> {
    return this.#side().escrow.keep(material);
  }

  loseAccess(node: string): Promise<Broken> {
    return this.#side().escrow.lose(this.#node(node));
  }

  #side(): ArchivingSide {
    if (!this.#archiving) throw new Error(`${this.name} keeps no archive`);
    return this.#archiving;
  }

  archiveNow(signal: AbortSignal): Promise<string> {
    return archiveNow({ admin: this.#admin, archiver: this.#opened().archiver, node: this.clients.leadsTo }, signal);
  }

  breakFetch(name: string, failure: { where: ArchivePlace; exit: number }): Promise<BrokenFetch> {
    return breakFetch(this.#node(name), this.#opened().archiver, failure);
  }

  err(mistake: Mistake, name: string): Promise<Mistaken> {
    return err({ admin: this.#admin, points: this.#points, node: this.clients.leadsTo }, mistake, name);
  }

  copyBack(from: string, context: RepairContext): Promise<string> {
    return copyBack(this.#node(from), this.#node(this.clients.leadsTo), context);
  }

  rejoin(name: string, { history }: { history: "own" | "archive" }, context: RepairContext): Promise<void> {
    const archiver = history === "archive" ? this.#opened().archiver : null;
    const [node, serving] = [this.#node(name), this.#node(this.clients.leadsTo)];
    return rejoinNode({ node, serving, admin: this.#admin, archiver }, context);
  }

  tryOut(name: string, rows: number, signal: AbortSignal): Promise<string> {
    return tryOut({ admin: this.#admin, archiver: this.#archive?.archiver ?? null, node: name }, rows, signal);
  }

  #node(name: string): Node {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`${name} is no node of ${this.name}`);
    return node;
  }

  async damageArchive(damage: ArchiveDamage): Promise<ArchiveDamaged> {
    const archive = this.#opened();
    return damageArchive({ ...archive, on: shellOn(await this.#anyRunning()) }, damage);
  }

  async #anyRunning(): Promise<Node> {
    for (const node of this.nodes.values()) if ((await node.state()) === "running") return node;
    throw new Error(`no machine of ${this.name} runs`);
  }

  #opened(): OpenArchive {
    if (!this.#archive) throw new Error(`${this.name} keeps no archive`);
    return this.#archive;
  }

  #shell(): Shell {
    return shellOn(this.nodes.get(this.clients.leadsTo)!);
  }

  locate(node: string, what: string, where: Where): Promise<Location> {
    return this.#disks.locate(this.nodes.get(node)!, what, where);
  }

  crashInPageWrite(node: string, signal: AbortSignal): Promise<PageWrite> {
    return this.#disks.crashInPageWrite(this.nodes.get(node)!, signal);
  }

  repair(node: string, method: string, context: RepairContext): Promise<void> {
    return this.#disks.repair(this.nodes.get(node)!, method, context);
  }

  settled(node: string, signal: AbortSignal): Promise<void> {
    return settle(this.nodes.get(node)!, this.#admin, signal);
  }

  connect(timeoutMs: number): Promise<Session> {
    const { port } = this.clients;
    return openSession(this.name, { port, password: this.#password, apart: this.#logical.shortNames }, timeoutMs);
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
          const timeoutMs = at === "fault" ? FAULT_FACTS_TIMEOUT_MS : ADMIN_TIMEOUT_MS;
          const values = await nodeFacts(this.#admin, node.name, timeoutMs);
          const serving = this.clients.leadsTo;
          Object.assign(values, await this.#logical.facts(node.name, { values, serving, at, timeoutMs }));
          if (at === "recovered" && node.name === this.clients.leadsTo)
            Object.assign(values, await this.#recoveredFacts(node));
          if (this.#config.timescale && at !== "fault" && node.name === this.clients.leadsTo)
            Object.assign(values, await hypertableFacts(this.#admin, node.name, { write: at === "recovered" }));
          if (node.name === this.clients.leadsTo) this.#inspection.sawFacts(at, { node: node.name, values });
          return [
            {
              at,
              component: this.name,
              node: node.name,
              values: {
                ...values,
                ...(this.#archive && { archive: this.#archive.archiver.words }),
                serves: String(node.name === this.clients.leadsTo),
              },
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

  /** amcheck reads every page: only after it does the server's count of failed checksums say something. */
  async #recoveredFacts(node: Node): Promise<Record<string, string>> {
    const recovery = this.#disks.corrected(node, await recoveryFacts(this.#admin, node));
    const structure = await bracket(() => amcheck(node));
    this.#inspection.sawStructure({ node: node.name, values: structure.value, at: structure.at });
    return { ...recovery, ...structure.value, ...(await integrityFacts(this.#admin, node.name)) };
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
    const open = patiently(this.#admin, this.clients.leadsTo);
    await readLedger(open, this.name, sink);
    await readAccounts(open, this.name, sink);
    await this.#logical.readBack(this.clients.leadsTo, sink, this.#signal);
  }

  inspect(told: (sighting: Sighting) => void, signal: AbortSignal): Promise<void> {
    const { version, archive: config, walSegment: segmentBytes } = this.#config;
    const archiver = this.#archive?.archiver;
    const archive = archiver && config ? { archiver, tool: config.tool, openEnd: config.receiver !== undefined } : null;
    const serving = this.#node(this.clients.leadsTo);
    const nodes = [...this.nodes.values()];
    return this.#inspection.run({ version, segmentBytes, serving, nodes, archive, signal }, told);
  }

  /** pg_promote(true) polls every 100 ms; asked not to wait and looked at every 5 ms, it takes a third of that. */
  async promote(node: string, signal: AbortSignal, mark: (name: string, at: Bracket) => void) {
    if (this.#logical.has(node)) return this.#logical.promote(node, signal, mark);
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

  changeSchema(change: SchemaChange): Promise<string> {
    return changeSchema(this.#admin, this.clients.leadsTo, change);
  }

  batch(rows: number): Promise<string> {
    return runBatch(this.#admin, this.clients.leadsTo, rows);
  }

  syncSequences(node: string): Promise<string> {
    return syncSequences(this.#admin, node);
  }

  follow(node: string, options: FollowOptions, signal: AbortSignal): Promise<void> {
    return this.#logical.follow(node, this.clients.leadsTo, options, signal);
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

  async awaitTrigger(trigger: string, signal: AbortSignal, target = ""): Promise<InsideSpan | void> {
    const serving = this.clients.leadsTo;
    const node = (trigger === "recovery" ? this.nodes.get(target) : undefined) ?? this.nodes.get(serving)!;
    return TRIGGERS[trigger]?.({ admin: this.#admin, node, signal });
  }

  async close(): Promise<void> {
    this.#admin.close();
  }
}
