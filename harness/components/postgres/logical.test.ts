import pg from "pg";
import { describe, expect, it } from "vitest";
import type { ListedElement } from "../../history.ts";
import type { Node } from "../../node.ts";
import type { AdminConnections, Row } from "./admin.ts";
import { LogicalStandbys } from "./logical.ts";

const { signal } = new AbortController();
const STANDBYS = [
  { name: "standby", replication: "synchronous", settings: {} },
  { name: "far-copy", replication: "logical", failoverSlot: true, settings: {} },
] as const;

type Answer = (node: string, text: string) => Row[];

/** Servers that answer as a test says, and what they were asked. */
function lab(answer: Answer) {
  const asked: string[] = [];
  const ask = async (node: string, text: string): Promise<Row[]> => (
    asked.push(`${node}: ${text}`),
    answer(node, text)
  );
  const admin = {
    query: ask,
    open: async (node: string) => ({ ask: (text: string) => ask(node, text), close: () => undefined }),
    withSession: async (node: string, _timeoutMs: number, use: (ask: (text: string) => Promise<Row[]>) => unknown) =>
      use((text) => ask(node, text)),
  } as unknown as AdminConnections;
  const nodes = new Map(
    ["primary", "standby", "far-copy"].map((name, i) => [
      `db.${name}`,
      {
        name: `db.${name}`,
        address: `10.0.0.${i}`,
        state: async () => "running",
        logs: async () => 'x\n2026 [4] ERROR:  slot "far_copy" does not exist\n',
      } as unknown as Node,
    ]),
  );
  return { asked, logical: new LogicalStandbys(admin, nodes, { component: "db", standbys: [...STANDBYS] }) };
}

const commands = (asked: readonly string[]) =>
  asked.filter((text) => /: (ALTER|CREATE|SELECT pg_(t|create))/.test(text));

describe("a standby by logical replication", () => {
  it("subscribes with a password that stands in a file, and waits until its slot is kept on the physical one", async () => {
    let looks = 0;
    const { asked, logical } = lab((_, text) => {
      if (text.includes("pg_subscription_rel")) return [{ all: 3, waiting: looks++ < 1 ? 2 : 0 }];
      if (text.includes("synced")) return [{ kept: looks++ > 3 }];
      return text.includes("pg_replication_slots") ? [{ active: true, confirmed: "0/1" }] : [];
    });
    await logical.subscribe("CREATE SCHEMA x", signal);
    const subscription = asked.find((text) => text.includes("CREATE SUBSCRIPTION"));
    expect(subscription).toBe(
      "db.far-copy: CREATE SUBSCRIPTION far_copy CONNECTION 'host=10.0.0.0 user=postgres dbname=postgres passfile=/blackstart/run/pgpass' PUBLICATION blackstart WITH (failover = true)",
    );
    expect(asked.filter((text) => text.includes("synced")).length).toBeGreaterThan(1);
    expect(asked.indexOf("db.far-copy: CREATE SCHEMA x")).toBeLessThan(asked.indexOf(subscription!));
  });

  /** The worker's state, look by look; after the last one it is gone once somebody has ended it. */
  const worker = (states: readonly (string | null)[]) => {
    let [look, ended] = [0, false];
    return lab((_, text) => {
      if (text.includes("pg_terminate_backend")) ended = true;
      if (!text.includes("pg_stat_subscription")) return [];
      const state = states[Math.min(look++, states.length - 1)]!;
      return ended || state === "gone"
        ? []
        : (state ?? "").split(" ").map((event, i) => ({ pid: 7 + i, wait_event: event }));
    });
  };

  it.each<[string, (string | null)[], string[]]>([
    ["applies what it has received first", [null, "DataFileRead", "LogicalApplyMain", "gone"], ["ALTER"]],
    ["ends a worker that waits for the rest of a transaction", ["LogicalApplyMain"], ["ALTER", "SELECT"]],
    ["ends a worker that tries to reach a lost machine", ["LibpqwalreceiverConnect"], ["ALTER", "SELECT"]],
    ["the same as an older version calls it", ["LibPQWalReceiverConnect"], ["ALTER", "SELECT"]],
    [
      "waits for a parallel worker that still applies",
      ["LogicalApplyMain DataFileRead", "LogicalApplyMain LogicalParallelApplyMain"],
      ["ALTER", "SELECT", "SELECT"],
    ],
    ["has no worker", ["gone"], ["ALTER"]],
  ])("takes over: %s", async (_, states, did) => {
    const { asked, logical } = worker(states);
    const marks: string[] = [];
    await logical.promote("db.far-copy", signal, (name) => marks.push(name));
    expect(marks).toEqual(["applied"]);
    expect(commands(asked).map((text) => text.split(" ")[1])).toEqual(did);
    // Nothing is disabled before a look has shown that nothing is left to be applied.
    const looksBefore = asked.findIndex((text) => text.includes("DISABLE"));
    const idle = (state: string | null) => !/DataFileRead/.test(state ?? "DataFileRead");
    expect(looksBefore).toBe(states.findIndex(idle) + 1);
  });

  const followed = (confirmed: string, active = true) =>
    lab((_, text) => {
      if (text.includes("pg_stat_subscription")) return [];
      if (text.includes("pg_current_wal_flush_lsn")) return [{ lsn: "0/50" }];
      return text.includes("pg_replication_slots") ? [{ active, confirmed }] : [];
    });

  it("follows when it has everything that the server had", async () => {
    const { asked, logical } = followed("0/50");
    await logical.follow("db.far-copy", "db.standby", { place: "kept", timeoutMs: 50 }, signal);
    expect(commands(asked).map((text) => text.replace(/CONNECTION '(\S+).*/, "$1"))).toEqual([
      "db.far-copy: ALTER SUBSCRIPTION far_copy DISABLE",
      "db.far-copy: ALTER SUBSCRIPTION far_copy host=10.0.0.1",
      "db.far-copy: ALTER SUBSCRIPTION far_copy ENABLE",
    ]);
  });

  it("makes a slot only when it is told to", async () => {
    const { asked, logical } = followed("0/51");
    await logical.follow("db.far-copy", "db.standby", { place: "new", timeoutMs: 50 }, signal);
    expect(commands(asked)).toContain("db.standby: SELECT pg_create_logical_replication_slot($1, 'pgoutput')");
  });

  it.each([
    ["is behind", followed("0/4F")],
    ["is not connected", followed("0/50", false)],
  ])("says why when it %s", async (_, { logical }) => {
    await expect(logical.follow("db.far-copy", "db.standby", { place: "kept", timeoutMs: 50 }, signal)).rejects.toThrow(
      'db.far-copy did not follow db.standby within 50 ms: slot "far_copy" does not exist',
    );
  });

  it("says where the history that it followed ends only when it took over, and whose history that was", async () => {
    const position = JSON.stringify({ name: "far_copy", position: "0/1A" });
    const { logical } = lab((_, text) =>
      text.includes("pg_replication_origin_progress") ? [{ name: "far_copy", position: "0/1A" }] : [],
    );
    const look = (node: string, serving: string, at: "steady" | "recovered", lineage: string) =>
      logical.facts(node, { values: { lineage, system_identifier: "99" }, serving, at, timeoutMs: 1 });
    await look("db.primary", "db.primary", "steady", "4");
    expect(await look("db.far-copy", "db.primary", "recovered", "1")).toEqual({
      lineage: "1@99",
      subscription: position,
    });
    expect(await look("db.far-copy", "db.far-copy", "recovered", "1")).toMatchObject({
      lineage: "1@99",
      switch_position: "0/1A",
      switch_from_lineage: "4",
    });
    expect(await look("db.standby", "db.primary", "recovered", "4")).toEqual({});
  });

  it("hands out nothing of a node that broke off while it was read", async () => {
    const gone = Object.assign(new pg.DatabaseError("the page is gone", 1, "error"), { code: "XX001" });
    const { logical } = lab((_, text) => {
      if (text.includes("pg_relation_size")) return [{ pages: 600 }];
      if (!text.includes("ctid")) return [];
      if (!text.includes("'(0,0)'")) throw gone;
      return Array.from({ length: 100 }, (_row, i) => ({ op: `ledger-${i}`, payload: "p", debit: null }));
    });
    const listed: ListedElement[] = [];
    const unread: string[] = [];
    await logical.readBack(
      "db.primary",
      {
        listed: (element: ListedElement) => void listed.push(element),
        unreadable: ({ store, why }: { store: string; why: string }) => void unread.push(`${store}: ${why}`),
      } as never,
      signal,
    );
    expect(listed).toEqual([]);
    expect(unread).toEqual([expect.stringContaining("the page is gone")]);
  });
});
