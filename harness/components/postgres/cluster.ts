import type { Component, ComponentPaths, InsideSpan, ReadBackSink, Session, StackContext } from "../../component.ts";
import type {
  Elements,
  Followers,
  FollowOptions,
  HasSchema,
  KeepsSequences,
  Promotable,
  Reconcilable,
  Repairable,
  RepairContext,
  SchemaChange,
  Serviceable,
  Settles,
  TakesBatches,
} from "../../capabilities.ts";
import type {
  ArchiveDamage,
  ArchiveDamaged,
  Archived,
  Archiving,
  ArchivingFault,
  Broken,
  BrokenFetch,
  CopiesBack,
  Inspectable,
  Mistakable,
  Mistake,
  Mistaken,
  Rejoinable,
  RestoreContext,
  RestoreOptions,
  Sealed,
  Sighting,
  Triable,
} from "../../archive.ts";
import { factsOf } from "../facts.ts";
import { awaitReady } from "../readiness.ts";
import type { ArchiveLook, ClockBracket, NodeFacts } from "../../history.ts";
import type { ClientPath, Node } from "../../node.ts";
import { bracket, type Bracket } from "../../time.ts";
import type { Locatable, Location, PageWrite, PageWriting, Where } from "../../place.ts";
import { AdminConnections, textOf } from "./admin.ts";
import { type ArchiveStore, damageArchive } from "./archive-damage.ts";
import type { Archiver, BackupLevel, ExpireOptions } from "./archiver.ts";
import { archiveNow } from "./archive-now.ts";
import { notAttached, redundancyOf } from "./attached.ts";
import { ArchivingSide } from "./archiving.ts";
import { takeBackup } from "./backup.ts";
import { BALLAST_TIMEOUT_MS, ballastSql } from "./ballast.ts";
import { breakFetch } from "./broken-fetch.ts";
import { copyBack } from "./copy-back.ts";
import { amcheck, clockOf, integrityFacts, nodeFacts, recoveryFacts } from "./facts.ts";
import { ledgerElements } from "./elements.ts";
import { DiskSide } from "./disk-side.ts";
import { renew } from "./escrow.ts";
import { Inspection } from "./inspection.ts";
import { err } from "./mistakes.ts";
import { Points } from "./points.ts";
import { promote } from "./promote.ts";
import { patiently, readAccounts, readLedger } from "./read-back.ts";
import { rejoinNode } from "./rejoin.ts";
import { restoreNode } from "./restore.ts";
import { settle } from "./settle.ts";
import { type Shell, shellOn } from "./shell.ts";
import { syncSequences } from "./beside-rows.ts";
import type { PostgresConfig } from "./kind.ts";
import { schemaSql, SEED_SQL } from "./ledger-tables.ts";
import { LogicalStandbys } from "./logical.ts";
import { changeSchema, runBatch } from "./releases.ts";
import { DATABASE, openSession, USER } from "./session.ts";
import { CREATE_TABLESPACE } from "./tablespace.ts";
import { hypertableFacts, loadHypertable } from "./timescale.ts";
import { TRIGGERS } from "./triggers.ts";
import { tryOut } from "./try-out.ts";

const READY_TIMEOUT_MS = 60_000;
const ADMIN_TIMEOUT_MS = 2_000;

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
  readonly #archive: (OpenArchive & { readonly side: ArchivingSide }) | null;
  readonly #backupTaken: StackContext["backupTaken"];
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
    this.#archive = archive && { ...archive, side: new ArchivingSide(this.#admin, archive.archiver) };
    this.#backupTaken = backupTaken;
    this.#points = new Points(this.#admin);
    this.#servers = new Set(["primary", ...config.standbys.map((s) => s.name)].map((node) => `${name}.${node}`));
    this.#disks = new DiskSide(name, this.#admin);
    this.elements = ledgerElements(this.#admin, () => this.clients.leadsTo);
  }

  async ready(signal: AbortSignal): Promise<void> {
    await awaitReady({
      name: this.name,
      nodes: this.nodes.values(),
      missing: async () =>
        (await notAttached(this.#admin, this.name, this.clients.leadsTo, this.#config)) ||
        this.#logical.answer().then(() => ""),
      everyMs: 20,
      timeoutMs: READY_TIMEOUT_MS,
      signal,
    });
    await Promise.all([...this.#servers].map((node) => this.#admin.query(node, "SELECT 1", ADMIN_TIMEOUT_MS))); // open beforehand: a promotion must not wait for a connection
  }

  /** Ends with a checkpoint: a database that has been in use for a while would not lose its tables with the WAL since. */
  async prepare(): Promise<void> {
    const primary = this.clients.leadsTo;
    if (this.#config.tablespace) await this.#admin.query(primary, CREATE_TABLESPACE, ADMIN_TIMEOUT_MS);
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

  async backUp(level: BackupLevel): Promise<{ label: string; level: string; detail: string }> {
    const { archiver } = this.#opened();
    const [on, taken] = [this.#shell(), this.#backupTaken];
    return takeBackup({ component: this.name, admin: this.#admin, archiver, on, taken }, level);
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
      escrow: this.#opened().side.escrow,
      segmentBytes: source.#config.walSegment,
      systemIdentifier: this.#systemIdentifier,
      foreign: source !== this,
      chosen: this.#inspection.sawRestore.bind(this.#inspection),
    };
    await restoreNode(bench, options, context);
  }

  async expireBackups(options: ExpireOptions): Promise<string> {
    const { archiver } = this.#opened();
    if (!archiver.expire) throw new Error(`nothing is known of how the archiver of ${this.name} deletes old backups`);
    return archiver.expire(this.#shell(), options);
  }

  breakArchiving(how: ArchivingFault): Promise<Broken> {
    return this.#opened().side.break(this.#serving(), how);
  }

  async lookAtArchive(): Promise<ArchiveLook | null> {
    return this.#archive ? this.#archive.side.look(this.#serving()) : null;
  }

  async escrow(material: "all" | "without-passphrase"): Promise<string> {
    return this.#opened().side.escrow.keep(material);
  }

  async rotateKey(): Promise<string> {
    const { archiver } = this.#opened();
    if (!archiver.rotateKey) throw new Error(`the archive of ${this.name} has no key that could be rotated`);
    const machines = [...this.nodes.values()];
    await archiver.rotateKey(this.#shell(), async () => {
      await Promise.all(machines.map((node) => renew(node, archiver.files)));
    });
    const { label, detail } = await this.backUp("full");
    return `${machines.length} machines have another passphrase, and the archive begins anew with the backup ${label}: ${detail}`;
  }

  loseAccess(node: string): Promise<Broken> {
    return this.#opened().side.escrow.lose(this.#node(node));
  }

  archiveNow(signal: AbortSignal): Promise<string> {
    return archiveNow({ admin: this.#admin, archiver: this.#opened().archiver, node: this.clients.leadsTo }, signal);
  }

  breakFetch(name: string, failure: { where: Where; exit: number }): Promise<BrokenFetch> {
    return breakFetch(this.#node(name), this.#opened().archiver, failure);
  }

  err(mistake: Mistake, name: string): Promise<Mistaken> {
    return err({ admin: this.#admin, points: this.#points, node: this.clients.leadsTo }, mistake, name);
  }

  copyBack(from: string, context: RepairContext): Promise<string> {
    return copyBack(this.#node(from), this.#serving(), context);
  }

  rejoin(name: string, { history }: { history: "own" | "archive" }, context: RepairContext): Promise<void> {
    const archiver = history === "archive" ? this.#opened().archiver : null;
    const [node, serving] = [this.#node(name), this.#serving()];
    return rejoinNode({ node, serving, admin: this.#admin, archiver }, context);
  }

  tryOut(name: string, rows: number, signal: AbortSignal): Promise<string> {
    return tryOut({ admin: this.#admin, archiver: this.#archive?.archiver ?? null, node: name }, rows, signal);
  }

  #serving(): Node {
    return this.#node(this.clients.leadsTo);
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

  #opened() {
    if (!this.#archive) throw new Error(`${this.name} keeps no archive`);
    return this.#archive;
  }

  #shell(): Shell {
    return shellOn(this.#serving(), this.#signal);
  }

  locate(node: string, what: string, where: Where): Promise<Location> {
    return this.#disks.locate(this.#node(node), what, where);
  }

  crashInPageWrite(node: string, signal: AbortSignal): Promise<PageWrite> {
    return this.#disks.crashInPageWrite(this.#node(node), signal);
  }

  repair(node: string, method: string, context: RepairContext): Promise<void> {
    return this.#disks.repair(this.#node(node), method, context);
  }

  settled(node: string, signal: AbortSignal): Promise<void> {
    return settle(this.#node(node), this.#admin, signal);
  }

  connect(timeoutMs: number): Promise<Session> {
    const { port } = this.clients;
    return openSession(this.name, { port, password: this.#password, apart: this.#logical.shortNames }, timeoutMs);
  }

  serviceAccess(): Record<string, string | number> {
    const { host, port } = this.clients;
    return { host, port, user: USER, password: this.#password, database: DATABASE };
  }

  facts(at: NodeFacts["at"]): Promise<Omit<NodeFacts, "ms">[]> {
    return factsOf(this, this.#asked(), at, async (node, { serves, timeoutMs }) => {
      const values = await nodeFacts(this.#admin, node.name, timeoutMs);
      const serving = this.clients.leadsTo;
      Object.assign(values, await this.#logical.facts(node.name, { values, serving, at, timeoutMs }));
      if (serves) {
        if (at === "recovered") Object.assign(values, await this.#recoveredFacts(node));
        if (this.#config.timescale && at !== "fault")
          Object.assign(values, await hypertableFacts(this.#admin, node.name, { write: at === "recovered" }));
        this.#inspection.sawFacts(at, { node: node.name, values });
      }
      return { ...values, ...(this.#archive && { archive: this.#archive.archiver.words }) };
    });
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
    return (await Promise.all(this.#asked().map((node) => clockOf(this.#admin, node)))).flat();
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
    const serving = this.#serving();
    const nodes = [...this.nodes.values()];
    return this.#inspection.run({ version, segmentBytes, serving, nodes, archive, signal }, told);
  }

  promote(node: string, signal: AbortSignal, mark: (name: string, at: Bracket) => void): Promise<Bracket> {
    if (this.#logical.has(node)) return this.#logical.promote(node, signal, mark);
    return promote(this.#admin, node, signal);
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

  redundancy(): Promise<{ restored: boolean; detail: string }> {
    return redundancyOf(this.#admin, this.clients.leadsTo, this.#config);
  }

  async awaitTrigger(trigger: string, signal: AbortSignal, target = ""): Promise<InsideSpan | void> {
    const node = (trigger === "recovery" ? this.nodes.get(target) : undefined) ?? this.#serving();
    const watch = TRIGGERS[trigger];
    if (!watch) throw new Error(`${this.name} has no event ${trigger}`);
    return watch({ admin: this.#admin, node, signal });
  }

  async close(): Promise<void> {
    this.#admin.close();
  }
}
