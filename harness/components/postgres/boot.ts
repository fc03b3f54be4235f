import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  Boot,
  Component,
  ComponentPaths,
  Elements,
  InsideSpan,
  NodeStart,
  Promotable,
  Reconcilable,
  ReadBackSink,
  Repairable,
  RepairContext,
  Serviceable,
  Session,
  Settles,
  StackContext,
} from "../../component.ts";
import { messageOf } from "../../errors.ts";
import { lastWords, refuseDeadNodes } from "../dead-nodes.ts";
import type { ClockBracket, NodeFacts } from "../../history.ts";
import type { ClientPath, Node } from "../../node.ts";
import type { Locatable, Location, PageWrite, PageWriting, Where } from "../../place.ts";
import { bracket, nowNs } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { AdminConnections, textOf } from "./admin.ts";
import { amcheck, integrityFacts, nodeFacts, recoveryFacts } from "./facts.ts";
import { ledgerElements } from "./elements.ts";
import { postgres, type PostgresConfig } from "./kind.ts";
import { schemaSql } from "./ledger-tables.ts";
import { crashInPageWrite } from "./page-write.ts";
import { findPlace, type Relations } from "./places.ts";
import { type OpenSession, readAccounts, readLedger } from "./read-back.ts";
import { repairNode } from "./repairs.ts";
import { DATABASE, openSession, USER } from "./session.ts";
import { TRIGGERS } from "./triggers.ts";

const PORT = 5432;
const READY_TIMEOUT_MS = 60_000;
/** How long a started server may replay before it counts as stuck. */
const SETTLE_TIMEOUT_MS = 600_000;
const READ_TIMEOUT_MS = 120_000;
/** Damage that is read may end the server; it is back in a moment or not at all. */
const REOPEN_TIMEOUT_MS = 30_000;
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
  const specs = postgres.nodes(config).map((node) => ({ ...node, full: `${name}.${node.name}` }));
  const primary = `${name}.primary`;
  const [started, paths] = await Promise.all([
    Promise.all(specs.map((spec) => context.startNode(nodeStart(spec, { name, config, context, script, password })))),
    context.openPaths(name, new Map(specs.map((spec) => [spec.full, PORT])), primary),
  ]);
  return new PostgresComponent(name, config, new Map(started.map((node) => [node.name, node])), paths, password);
};

interface Booting {
  readonly name: string;
  readonly config: PostgresConfig;
  readonly context: StackContext;
  readonly script: string;
  readonly password: string;
}

function nodeStart(
  spec: { name: string; full: string; image: string },
  { name, config, context, script, password }: Booting,
): NodeStart {
  const isPrimary = spec.name === "primary";
  const primaryAddress = context.addressOf(`${name}.primary`);
  const slot = spec.name.replaceAll("-", "_");
  const env = {
    ROLE: isPrimary ? "primary" : "standby",
    VERSION: String(config.version),
    PRIMARY: primaryAddress,
    SLOT: slot,
    CHECKSUMS: config.checksums ? "on" : "off",
    WAL_SEGMENT_MIB: String(config.walSegment / 2 ** 20),
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
        content: serverConf(spec.name, config, isPrimary ? null : { primaryAddress, slot }),
        mode: 0o644,
      },
    ],
  };
}

function serverConf(
  nodeName: string,
  config: PostgresConfig,
  standby: { primaryAddress: string; slot: string } | null,
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
  if (names.length === 0) return "";
  const { method, count } = config.synchronous ?? { method: "first", count: names.length };
  return `${method.toUpperCase()} ${count} (${names.join(", ")})`;
}

class PostgresComponent
  implements Component, Locatable, PageWriting, Promotable, Reconcilable, Repairable, Serviceable, Settles
{
  readonly kind = "postgres";
  readonly name: string;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly clients: ClientPath;
  readonly elements: Elements;
  readonly #config: PostgresConfig;
  readonly #password: string;
  readonly #admin: AdminConnections;
  #relations: Relations | undefined;
  /** Where a procedure cut off the history of a node, which the server itself does not know. */
  readonly #cutOff = new Map<string, string>();

  constructor(
    name: string,
    config: PostgresConfig,
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
    await Promise.all([...this.nodes.keys()].map((node) => this.#admin.query(node, "SELECT 1", ADMIN_TIMEOUT_MS))); // open beforehand: a promotion must not wait for a connection
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
    for (const { name, replication } of this.#config.standbys) {
      const state = states.get(name);
      if (!state) return `standby ${name} is not streaming`;
      if ((replication === "synchronous") !== (state !== "async")) return `standby ${name} is ${state}`;
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

  /** Ends with a checkpoint: a database that has been in use for a while would not lose its tables with the WAL since. */
  async prepare(): Promise<void> {
    await this.#admin.query(this.clients.leadsTo, schemaSql(this.#config.uniqueKey), 30_000);
    await this.#admin.query(this.clients.leadsTo, "CHECKPOINT", 30_000);
    await this.#askRelations(this.clients.leadsTo);
  }

  async #askRelations(node: string): Promise<Relations> {
    const text =
      "SELECT pg_relation_filepath('blackstart.ledger') AS heap, pg_relation_filepath('blackstart.ledger_op') AS index";
    const [row] = await this.#admin.query(node, text, ADMIN_TIMEOUT_MS);
    return (this.#relations = { heap: textOf(row, "heap"), index: textOf(row, "index") });
  }

  /** A server that runs is asked to write first what it has in memory: the disk is what is looked at. */
  async locate(node: string, what: string, where: Where): Promise<Location> {
    const machine = this.nodes.get(node)!;
    if ((await machine.state()) === "running") {
      await this.#admin.query(node, "CHECKPOINT", 30_000);
      await this.#askRelations(node);
    }
    if (!this.#relations) throw new Error(`${this.name} has no ledger yet`);
    return findPlace(machine, this.#relations, what, where);
  }

  async crashInPageWrite(node: string, signal: AbortSignal): Promise<PageWrite> {
    const { heap } = await this.#askRelations(node);
    return crashInPageWrite(this.nodes.get(node)!, this.#admin, heap, signal);
  }

  async repair(node: string, method: string, context: RepairContext): Promise<void> {
    const endsAt = (position: string) => void this.#cutOff.set(node, position);
    await repairNode(method, { ...context, node: this.nodes.get(node)!, admin: this.#admin, endsAt });
  }

  /** A standby serves when it answers at all; whether it takes writes is not what it was started for. */
  async settled(node: string, signal: AbortSignal): Promise<void> {
    const machine = this.nodes.get(node)!;
    let why = "";
    const served = await awaitCondition(
      async () => {
        if ((await machine.state()) === "stopped")
          throw new Error(`${node} refused to start. Its last words:\n${await lastWords(machine)}`);
        try {
          await this.#admin.query(node, "SELECT 1", ADMIN_TIMEOUT_MS);
          return true;
        } catch (thrown) {
          why = messageOf(thrown);
          return false;
        }
      },
      { everyMs: 20, timeoutMs: SETTLE_TIMEOUT_MS, signal },
    );
    if (!served) throw new Error(`${node} took no connection within ${SETTLE_TIMEOUT_MS} ms of its start: ${why}`);
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
      [...this.nodes.values()].map(async (node) => {
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

  /** amcheck reads every page: only after it does the server's count of failed checksums say something. */
  async #recoveredFacts(node: Node): Promise<Record<string, string>> {
    const recovery = await recoveryFacts(this.#admin, node);
    const cutOff = this.#cutOff.get(node.name);
    if (cutOff !== undefined && recovery["clean_shutdown"] !== undefined) {
      delete recovery["clean_shutdown"]; // pg_resetwal writes that it was one
      recovery["recovery_end_position"] = cutOff;
    }
    const structure = await amcheck(node);
    return { ...recovery, ...structure, ...(await integrityFacts(this.#admin, node.name)) };
  }

  async clocks(): Promise<ClockBracket["stores"]> {
    const stores = await Promise.all(
      [...this.nodes.values()].map(async (node) => {
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
    const serving = this.clients.leadsTo;
    const open: OpenSession = async () => {
      const endMs = performance.now() + REOPEN_TIMEOUT_MS;
      for (;;) {
        try {
          return await this.#admin.open(serving, READ_TIMEOUT_MS);
        } catch (thrown) {
          if (performance.now() > endMs) throw thrown;
          await sleep(50);
        }
      }
    };
    await readLedger(open, this.name, sink);
    await readAccounts(open, this.name, sink);
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
    const wanted = this.#config.standbys.length;
    if (wanted === 0) return { restored: true, detail: "the scenario has no standby" };
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
