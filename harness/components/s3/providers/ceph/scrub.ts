import type { Node } from "../../../../node.ts";
import { awaitCondition } from "../../../../wait.ts";
import { ask, type PlacementGroup, placementGroupsOf, stateOf } from "./cluster.ts";

const SCRUB_MS = 120_000;
const ASK_MS = 10_000;

/**
 * Reads every byte of the pool, repairs the placement groups in which a shard does not have its checksum, and reads them again.
 * Rejects when damage is left.
 */
export async function scrub(monitor: Node, pool: string, signal: AbortSignal): Promise<string> {
  const { dump } = await stateOf(monitor, ASK_MS);
  const id = dump.pools.find(({ pool_name }) => pool_name === pool)?.pool;
  if (id === undefined) throw new Error(`the cluster has no pool ${pool}`);
  const all = (await groupsOf(monitor, id)).map(({ pgid }) => pgid);
  const damaged = (await read(monitor, id, all, "deep-scrub", signal)).filter(isDamaged);
  const lines = [`${all.length} placement groups of ${pool} read, ${damaged.length} with damage`];
  if (damaged.length > 0) {
    for (const { pgid, stat_sum } of damaged)
      lines.push(`${pgid}: ${stat_sum.num_scrub_errors} shards do not have their checksum`);
    const names = damaged.map(({ pgid }) => pgid);
    await read(monitor, id, names, "repair", signal);
    const left = (await read(monitor, id, names, "deep-scrub", signal)).filter(isDamaged);
    if (left.length > 0)
      throw new Error(
        `${left.map(({ pgid, stat_sum }) => `${pgid} (${stat_sum.num_scrub_errors})`).join(", ")} still damaged after the repair`,
      );
    lines.push(`${names.length} repaired, and read again without damage`);
  }
  return lines.join("\n");
}

const isDamaged = ({ state, stat_sum }: PlacementGroup): boolean =>
  stat_sum.num_scrub_errors > 0 || state.split("+").includes("inconsistent");

const groupsOf = async (monitor: Node, pool: number): Promise<PlacementGroup[]> =>
  (await placementGroupsOf(monitor, ASK_MS)).filter(({ pgid }) => pgid.startsWith(`${pool}.`));

/** Orders it for each and waits until each has a later stamp than before and does nothing any more. */
async function read(
  monitor: Node,
  pool: number,
  pgids: readonly string[],
  what: "deep-scrub" | "repair",
  signal: AbortSignal,
): Promise<PlacementGroup[]> {
  const stamps = new Map((await groupsOf(monitor, pool)).map((group) => [group.pgid, group.last_deep_scrub_stamp]));
  await ask(
    monitor,
    pgids.map((pgid) => ({ to: "mgr", prefix: `pg ${what}`, pgid })),
    ASK_MS,
  );
  let groups: PlacementGroup[] = [];
  const done = await awaitCondition(
    async () => {
      groups = (await groupsOf(monitor, pool)).filter(({ pgid }) => pgids.includes(pgid));
      return groups.every(
        ({ pgid, state, last_deep_scrub_stamp }) =>
          last_deep_scrub_stamp > (stamps.get(pgid) ?? "") && !/scrubbing|repair|recover|backfill/.test(state),
      );
    },
    { everyMs: 250, timeoutMs: SCRUB_MS, signal },
  );
  if (!done)
    throw new Error(
      `${what} did not end within ${SCRUB_MS} ms: ${groups.map(({ pgid, state }) => `${pgid} ${state}`).join(", ")}`,
    );
  return groups;
}
