import { z } from "zod";
import type { Node } from "../../../../node.ts";

const SOCKET = "/run/ceph/ask.sock";
const ASK = ["python3", "/blackstart/ask.py"];

export interface Command {
  readonly to?: string;
  readonly prefix: string;
  readonly [argument: string]: unknown;
}

const answers = z.array(z.object({ code: z.number(), out: z.string(), err: z.string() }));

/** Runs commands in order, over the connection that the monitor's node keeps open; rejects when one is refused. */
export async function ask(monitor: Node, commands: readonly Command[], timeoutMs: number): Promise<string[]> {
  return run(
    monitor,
    [SOCKET],
    commands.map((command) => JSON.stringify(command)),
    timeoutMs,
  );
}

/** Asks one daemon of a node over its admin socket. */
export async function askDaemon(
  node: Node,
  daemon: string,
  prefixes: readonly string[],
  timeoutMs: number,
): Promise<string[]> {
  return run(
    node,
    ["daemon", daemon],
    prefixes.map((prefix) => JSON.stringify({ prefix })),
    timeoutMs,
  );
}

async function run(
  node: Node,
  how: readonly string[],
  commands: readonly string[],
  timeoutMs: number,
): Promise<string[]> {
  const { code, stdout, stderr } = await node.exec([...ASK, ...how, ...commands], { timeoutMs });
  if (code !== 0 && stdout.trim() === "")
    throw new Error(`${node.name} could not ask its cluster: ${stderr.trim().split("\n").at(-1)}`);
  return answers.parse(JSON.parse(stdout)).map(({ code: result, out, err }, i) => {
    if (result !== 0) throw new Error(`${commands[i]} was refused by the cluster: ${result} ${err}`);
    return out;
  });
}

const osdDump = z.object({
  pools: z.array(
    z.object({
      pool: z.number(),
      pool_name: z.string(),
      size: z.number(),
      min_size: z.number(),
      erasure_code_profile: z.string(),
    }),
  ),
  erasure_code_profiles: z
    .record(z.string(), z.object({ k: z.string().optional(), m: z.string().optional() }))
    .default({}),
  osds: z.array(z.object({ osd: z.number(), up: z.number(), in: z.number(), up_from: z.number() })),
});
export type OsdDump = z.output<typeof osdDump>;

/** Of which kind a pool is, as the cluster's map has it. */
export function poolWords({ pools, erasure_code_profiles: profiles }: OsdDump, name: string): string {
  const pool = pools.find(({ pool_name }) => pool_name === name);
  if (!pool) return "not said";
  if (pool.erasure_code_profile === "") return `replicated, ${pool.size} of it`;
  const { k = "?", m = "?" } = profiles[pool.erasure_code_profile] ?? {};
  return `erasure coded, ${k} data and ${m} parity`;
}

const health = z.object({
  status: z.string(),
  checks: z.record(z.string(), z.object({ summary: z.object({ message: z.string() }) })),
});

/** Of a manager that runs none of its modules, which is as it should be here. */
const EXPECTED = /^MGR_MODULE_/;

export interface State {
  readonly dump: OsdDump;
  /** What the cluster complains of; empty when of nothing that matters. */
  readonly complaints: string[];
}

export async function stateOf(monitor: Node, timeoutMs: number): Promise<State> {
  const [dump, said] = await ask(
    monitor,
    [
      { prefix: "osd dump", format: "json" },
      { prefix: "health", format: "json" },
    ],
    timeoutMs,
  );
  const { checks } = health.parse(JSON.parse(said!));
  return {
    dump: osdDump.parse(JSON.parse(dump!)),
    complaints: Object.entries(checks)
      .filter(([name]) => !EXPECTED.test(name))
      .map(([name, { summary }]) => `${name}: ${summary.message}`),
  };
}

const placementGroups = z.object({
  pg_ready: z.boolean().optional(),
  pg_stats: z.array(
    z.object({
      pgid: z.string(),
      state: z.string(),
      reported_epoch: z.union([z.string(), z.number()]).transform(Number),
      last_deep_scrub_stamp: z.string(),
      acting: z.array(z.number()),
      acting_primary: z.number(),
      stat_sum: z.object({
        num_objects_degraded: z.number(),
        num_objects_misplaced: z.number(),
        num_scrub_errors: z.number(),
      }),
    }),
  ),
});
export type PlacementGroup = z.output<typeof placementGroups>["pg_stats"][number];

/** As the manager has heard of them, which may be a second old. */
export async function placementGroupsOf(monitor: Node, timeoutMs: number): Promise<PlacementGroup[]> {
  const [text] = await ask(
    monitor,
    [{ to: "mgr", prefix: "pg dump", dumpcontents: ["pgs"], format: "json" }],
    timeoutMs,
  );
  return placementGroups.parse(JSON.parse(text!)).pg_stats;
}

/**
 * What keeps a placement group from being whole, in words; empty when every one is. What one said before the youngest of its drives
 * joined is of the time before; one none of whose drives changed need not speak again.
 */
export function notWhole(groups: readonly PlacementGroup[], { osds }: OsdDump): string {
  const joined = new Map(osds.map(({ osd, up_from }) => [osd, up_from]));
  return groups
    .map(({ pgid, state, reported_epoch, acting }) => {
      const stale = reported_epoch < Math.max(0, ...acting.map((osd) => joined.get(osd) ?? 0));
      if (stale) return `${pgid} has not said yet`;
      return isWhole(state) ? "" : `${pgid} ${state}`;
    })
    .filter((words) => words !== "")
    .join(", ");
}

/** A scrub on top (`active+clean+scrubbing`) takes nothing away. */
const isWhole = (state: string): boolean => {
  const words = state.split("+");
  return words.includes("active") && words.includes("clean") && !words.includes("inconsistent");
};
