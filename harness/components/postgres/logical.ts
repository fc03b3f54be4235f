import type { ReadBackSink } from "../../component.ts";
import type { FollowOptions } from "../../capabilities.ts";
import { messageOf } from "../../errors.ts";
import type { NodeFacts, RecoveredElement } from "../../history.ts";
import type { Node } from "../../node.ts";
import { parsePosition } from "../../position.ts";
import { bracket, type Bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, type Row, textOf } from "./admin.ts";
import { besideRows, sequencesAgainstRows } from "./beside-rows.ts";
import { isLogical, type PostgresConfig } from "./kind.ts";
import { patiently, readLedger } from "./read-back.ts";
import { conninfo } from "./server-conf.ts";
import { DATABASE, lineageOf } from "./session.ts";

const TIMEOUT_MS = 2_000;
const IN_SYNC_TIMEOUT_MS = 60_000;
const CATCH_UP_TIMEOUT_MS = 10_000;
const PUBLICATION = "blackstart";
/**
 * A worker waits there only when it has read everything that came in, and applied all of it that is whole; or when it has no server
 * that anything could come from. Names as pg_stat_activity has them, which versions write with other capitals.
 */
const WAITS_FOR_MORE = /^(Logical(Parallel)?ApplyMain|LibPQWalReceiver\w+)$/i;

/** Slots and subscriptions are called like the node that they are for; dashes are no part of their names. */
export const slotName = (shortName: string): string => shortName.replaceAll("-", "_");

/**
 * Standbys that are servers of their own and subscribe to the rows of another. They take writes at all times, share neither system
 * identifier nor WAL with the server they follow, and get rows alone: what else that server has, a person has to bring them.
 */
export class LogicalStandbys {
  /** As the servers call themselves. */
  readonly shortNames: ReadonlySet<string>;
  readonly #admin: AdminConnections;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #standbys: PostgresConfig["standbys"];
  readonly #component: string;
  /** Whom each of them follows, by full name. */
  readonly #publishers = new Map<string, string>();
  /** The history that each node was last seen to write. */
  readonly #lineages = new Map<string, string>();

  constructor(
    admin: AdminConnections,
    nodes: ReadonlyMap<string, Node>,
    { component, standbys }: { component: string; standbys: PostgresConfig["standbys"] },
  ) {
    this.#admin = admin;
    this.#nodes = nodes;
    this.#standbys = standbys;
    this.#component = component;
    this.shortNames = new Set(standbys.filter(isLogical).map((standby) => standby.name));
    for (const name of this.shortNames) this.#publishers.set(`${component}.${name}`, `${component}.primary`);
  }

  has(node: string): boolean {
    return this.#publishers.has(node);
  }

  /** Rejects until every one of them takes connections. */
  async answer(): Promise<void> {
    for (const node of this.#publishers.keys()) await this.#admin.query(node, "SELECT 1", TIMEOUT_MS);
  }

  /** Tables on both sides first, for no command that makes or changes one is ever replicated; then the initial copy, to its end. */
  async subscribe(schema: string, signal: AbortSignal): Promise<void> {
    if (this.shortNames.size === 0) return;
    const primary = `${this.#component}.primary`;
    // A table without a key of its own can have rows inserted by a subscriber, but neither changed nor deleted.
    await this.#admin.query(primary, "ALTER TABLE blackstart.ledger REPLICA IDENTITY FULL", TIMEOUT_MS);
    await this.#admin.query(primary, `CREATE PUBLICATION ${PUBLICATION} FOR ALL TABLES`, TIMEOUT_MS);
    await Promise.all([...this.#publishers.keys()].map((node) => this.#subscribeOne(node, primary, schema, signal)));
  }

  async #subscribeOne(node: string, primary: string, schema: string, signal: AbortSignal): Promise<void> {
    await this.#admin.query(node, schema, IN_SYNC_TIMEOUT_MS);
    const failover = this.#standbys.some((s) => s.failoverSlot && node === `${this.#component}.${s.name}`);
    await this.#admin.query(
      node,
      `CREATE SUBSCRIPTION ${this.#slotOf(node)} CONNECTION '${this.#conninfo(primary)}' PUBLICATION ${PUBLICATION}${failover ? " WITH (failover = true)" : ""}`,
      IN_SYNC_TIMEOUT_MS,
    );
    let missing = "";
    const inSync = await awaitCondition(async () => (missing = await this.#missing(node, primary, failover)) === "", {
      everyMs: 50,
      timeoutMs: IN_SYNC_TIMEOUT_MS,
      signal,
    });
    if (!inSync) throw new Error(`${node} was not in sync with ${primary} within ${IN_SYNC_TIMEOUT_MS} ms: ${missing}`);
  }

  /** What stands between a subscriber and its place as a standby, in words; empty when nothing does. */
  async #missing(node: string, primary: string, failover: boolean): Promise<string> {
    const tables = await this.#admin.query(
      node,
      "SELECT count(*)::int AS all, count(*) FILTER (WHERE srsubstate <> 'r')::int AS waiting FROM pg_subscription_rel",
      TIMEOUT_MS,
    );
    const { all, waiting } = tables[0] as { all: number; waiting: number };
    if (all === 0 || waiting > 0) return `the initial copy of ${waiting} of ${all} tables is not over`;
    if (textOf((await this.#slot(node, primary))[0], "active") !== "true") return "its slot is not in use";
    if (!failover) return "";
    await this.#admin.query(primary, "SELECT pg_log_standby_snapshot()", TIMEOUT_MS); // an idle primary writes none by itself for 15 s
    for (const { name } of this.#standbys.filter((s) => !isLogical(s))) {
      const kept = await this.#admin.query(
        `${this.#component}.${name}`,
        "SELECT synced AND NOT temporary AS kept FROM pg_replication_slots WHERE slot_name = $1",
        TIMEOUT_MS,
        [this.#slotOf(node)],
      );
      if (kept[0]?.["kept"] !== true) return `its slot is not yet kept in step on ${name}`;
    }
    return "";
  }

  /**
   * There is nothing to promote: the node takes writes as it is. It ends its subscription, so that nobody else's rows come in when
   * the old server is back; before that it applies what it has received, which ending the subscription would throw away.
   */
  async promote(node: string, signal: AbortSignal, mark: (name: string, at: Bracket) => void): Promise<Bracket> {
    const applied = await bracket(async () => {
      const done = await awaitCondition(
        async () => {
          return (await this.#workers(node)).every(({ waitsForMore }) => waitsForMore);
        },
        { everyMs: 3, timeoutMs: 120_000, signal },
      );
      if (!done) throw new Error(`${node} had not applied what it had received after 120 s`);
    });
    mark("applied", applied.at);
    return (await bracket(() => this.#disable(node, signal))).at;
  }

  /**
   * The subscription itself stays: dropping it would ask the lost server for its slot, and forget how far the node had got. A worker
   * that got half of a transaction looks at nothing before the other half comes, and one that tries to reach a lost machine at nothing
   * before it has given up; either takes a minute or more. Both are ended where they wait.
   */
  async #disable(node: string, signal: AbortSignal): Promise<void> {
    await this.#admin.query(node, `ALTER SUBSCRIPTION ${this.#slotOf(node)} DISABLE`, 10_000);
    const ended = await awaitCondition(
      async () => {
        const workers = await this.#workers(node);
        if (workers.every(({ waitsForMore }) => waitsForMore))
          for (const { pid } of workers)
            await this.#admin.query(node, "SELECT pg_terminate_backend($1)", TIMEOUT_MS, [pid]);
        return workers.length === 0;
      },
      { everyMs: 3, timeoutMs: 60_000, signal },
    );
    if (!ended) throw new Error(`${node} still applied changes 60 s after its subscription was disabled`);
  }

  /** Leads a subscription to another server. Only a slot that this server kept in step lets it go on where it had stopped. */
  async follow(node: string, serving: string, { place, timeoutMs }: FollowOptions, signal: AbortSignal): Promise<void> {
    if (!this.has(node)) throw new Error(`${node} is no logical standby`);
    const name = this.#slotOf(node);
    await this.#disable(node, signal);
    await this.#admin.query(node, `ALTER SUBSCRIPTION ${name} CONNECTION '${this.#conninfo(serving)}'`, 10_000);
    if (place === "new")
      await this.#admin.query(serving, "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", 10_000, [name]);
    await this.#admin.query(node, `ALTER SUBSCRIPTION ${name} ENABLE`, 10_000);
    this.#publishers.set(node, serving);
    if (!(await this.#caughtUp(node, serving, timeoutMs, signal)))
      throw new Error(
        `${node} did not follow ${serving} within ${timeoutMs} ms: ${await lastError(this.#nodes.get(node))}`,
      );
  }

  /** Whether the node has durably applied what the server had when this was asked. */
  async #caughtUp(node: string, serving: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const rows = await this.#admin.query(serving, "SELECT pg_current_wal_flush_lsn()::text AS lsn", TIMEOUT_MS);
    const wanted = parsePosition(textOf(rows[0], "lsn"));
    return awaitCondition(
      async () => {
        const [slot] = await this.#slot(node, serving);
        const confirmed = parsePosition(textOf(slot, "confirmed"));
        return textOf(slot, "active") === "true" && confirmed !== null && wanted !== null && confirmed >= wanted;
      },
      { everyMs: 20, timeoutMs, signal },
    );
  }

  /** The rows of every logical standby beside the node that serves, as soon as it has caught up; nothing of one that does not answer. */
  async readBack(serving: string, sink: ReadBackSink, signal: AbortSignal): Promise<void> {
    for (const [node, publisher] of this.#publishers) {
      if (node === serving || (await this.#nodes.get(node)?.state()) !== "running") continue;
      const rows: Omit<RecoveredElement, "store">[] = [];
      try {
        const [slot] = publisher === serving ? await this.#slot(node, serving) : [];
        if (textOf(slot, "active") === "true") await this.#caughtUp(node, serving, CATCH_UP_TIMEOUT_MS, signal);
        await this.#admin.query(node, "SELECT 1", TIMEOUT_MS);
        await readLedger(patiently(this.#admin, node), node, {
          attempted: () => [],
          element: (element) => rows.push(element),
          unreadable: ({ why }) => {
            throw new Error(why);
          },
        });
      } catch (thrown) {
        signal.throwIfAborted();
        sink.unreadable({ store: node, op: "every row", why: messageOf(thrown) });
        continue; // half of a list would count as rows that are missing
      }
      for (const { op, sha256 } of rows) sink.listed({ store: node, op, version: sha256 });
    }
  }

  /** What can be said of a node beyond what every server says of itself. */
  async facts(
    node: string,
    { values, serving, at, timeoutMs }: { values: Values; serving: string; at: NodeFacts["at"]; timeoutMs: number },
  ): Promise<Values> {
    const lineage = this.#lineageOf(node, values);
    if (lineage !== undefined) this.#lineages.set(node, lineage);
    if (this.shortNames.size === 0) return {};
    const facts: Record<string, string> = {};
    if (this.has(node)) {
      if (lineage !== undefined) facts["lineage"] = lineage;
      Object.assign(facts, await this.#subscriptionFacts(node, at === "recovered" && node === serving, timeoutMs));
    }
    if (node === serving) Object.assign(facts, await besideRows(this.#admin, node, timeoutMs));
    if (node === serving && at === "recovered") Object.assign(facts, await sequencesAgainstRows(this.#admin, node));
    return facts;
  }

  #lineageOf(node: string, { lineage, system_identifier: system = "" }: Values): string | undefined {
    const short = node.slice(this.#component.length + 1);
    return lineage === undefined ? undefined : lineageOf(short, lineage, system, this.shortNames);
  }

  /**
   * What a node has of the server that it followed ends at its origin's position: the end of the last commit that it applied. Its own
   * WAL says nothing of that.
   */
  async #subscriptionFacts(node: string, tookOver: boolean, timeoutMs: number): Promise<Values> {
    const rows = await this.#admin.query(node, SUBSCRIPTION, timeoutMs, [this.#slotOf(node)]);
    const position = textOf(rows[0], "position");
    const left = this.#lineages.get(this.#publishers.get(node) ?? "");
    return {
      subscription: JSON.stringify(rows[0] ?? null),
      ...(tookOver &&
        position !== "" &&
        left !== undefined && { switch_position: position, switch_from_lineage: left }),
    };
  }

  /** Those that apply changes: one, and with newer versions its parallel workers for large transactions. Not those of the initial copy. */
  async #workers(node: string): Promise<{ pid: number; waitsForMore: boolean }[]> {
    const rows = await this.#admin.query(
      node,
      `SELECT s.pid, a.wait_event FROM pg_stat_subscription AS s LEFT JOIN pg_stat_activity AS a USING (pid)
       WHERE s.subname = $1 AND s.relid IS NULL AND s.pid IS NOT NULL`,
      TIMEOUT_MS,
      [this.#slotOf(node)],
    );
    return rows.map((row) => ({
      pid: Number(row["pid"]),
      waitsForMore: WAITS_FOR_MORE.test(textOf(row, "wait_event")),
    }));
  }

  #slot(node: string, server: string): Promise<Row[]> {
    return this.#admin.query(
      server,
      "SELECT active, confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = $1",
      TIMEOUT_MS,
      [this.#slotOf(node)],
    );
  }

  #conninfo(server: string): string {
    const address = this.#nodes.get(server)?.address;
    if (address === undefined) throw new Error(`no node is called ${server}`);
    return conninfo(address, DATABASE);
  }

  #slotOf(node: string): string {
    return slotName(node.slice(this.#component.length + 1));
  }
}

type Values = Readonly<Record<string, string>>;

const SUBSCRIPTION = `
  SELECT subname AS name, subenabled AS enabled, subslotname AS slot, (SELECT count(*)::int FROM pg_stat_subscription AS w
    WHERE w.subid = s.oid AND w.pid IS NOT NULL) AS workers, pg_replication_origin_progress('pg_' || s.oid, true)::text AS position
  FROM pg_subscription AS s WHERE subname = $1`;

/** Why a server's subscription does not work stands in its log and nowhere else. */
async function lastError(node: Node | undefined): Promise<string> {
  const lines = ((await node?.logs()) ?? "").split("\n").filter((line) => line.includes("ERROR:  "));
  return lines.at(-1)?.replace(/^.*?ERROR: {2}/, "") ?? "its log has no error";
}
