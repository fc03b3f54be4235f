import type { S3Config } from "../config.ts";

export const DISK = "/blackstart/disk";
export const PORT = 7480;
/** The data of an object lies on two drives and its parity on two more. */
export const DATA_SHARDS = 2;
export const PARITY_SHARDS = 2;

/** One machine: what runs on it, and the ids of its drives. */
export interface Machine {
  readonly name: string;
  readonly runs: readonly ("mon" | "mgr" | "osd" | "rgw")[];
  readonly drives: readonly number[];
}

/** One cluster: a site, or the whole store. */
export interface Cluster {
  readonly zone: string;
  readonly machines: readonly Machine[];
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The manager only where there is redundancy to judge: it counts placement groups and orders scrubs. */
export function clusters({ layout }: Pick<S3Config, "layout">): Cluster[] {
  if (layout.sites > 1)
    return ["a", "b"].map((zone) => ({
      zone,
      machines: [{ name: `site-${zone}`, runs: ["mon", "osd", "rgw"], drives: [0] }],
    }));
  if (layout.nodes > 1)
    return [
      {
        zone: "default",
        machines: [
          { name: "mon", runs: ["mon", "mgr"], drives: [] },
          ...ids(layout.nodes).map((id): Machine => ({ name: `server${id + 1}`, runs: ["osd", "rgw"], drives: [id] })),
        ],
      },
    ];
  const runs: Machine["runs"] = layout.drives > 1 ? ["mon", "mgr", "osd", "rgw"] : ["mon", "osd", "rgw"];
  return [{ zone: "default", machines: [{ name: "server", runs, drives: ids(layout.drives) }] }];
}

export const drivesOf = ({ machines }: Cluster): number[] => machines.flatMap(({ drives }) => drives);
export const erasureCoded = (cluster: Cluster): boolean => drivesOf(cluster).length > 1;

/** `.rgw.root` is not among them: the gateway makes it by itself, of the same kind as the replicated ones. */
export const POOLS = ["log", "control", "meta", "buckets.index", "buckets.non-ec", "buckets.data"] as const;
export const poolName = (zone: string, pool: (typeof POOLS)[number]): string => `${zone}.rgw.${pool}`;
