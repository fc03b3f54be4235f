import type { RestoreOptions } from "../../archive.ts";
import type { AdminConnections } from "./admin.ts";
import { textOf } from "./admin.ts";

const TIMEOUT_MS = 5_000;

/** Where history stood: what a restore can be told to end at. `name` only where a restore point was written. */
interface Point {
  readonly lineage: string;
  readonly lsn: string;
  /** Where history stood when the point had been written. */
  readonly upTo: string;
  readonly xid: string;
  readonly time: string;
  readonly name: string | null;
}

export interface RestoreTarget {
  readonly settings: Record<string, string>;
  readonly lineage: string | null;
  /** Between these two it lies. */
  readonly lsn: string | null;
  readonly upTo: string | null;
}

const HERE = `substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) AS timeline, pg_current_wal_insert_lsn()::text AS lsn,
  (pg_current_xact_id()::text::numeric % 4294967296)::text AS xid, clock_timestamp()::text AS time`;

/** The points of a cluster by the names of the steps that noted them. */
export class Points {
  readonly #admin: AdminConnections;
  readonly #points = new Map<string, Point>();

  constructor(admin: AdminConnections) {
    this.#admin = admin;
  }

  /** Writes a restore point. */
  async mark(node: string, name: string): Promise<string> {
    const [row] = await this.#admin.query(node, `SELECT ${HERE}`, TIMEOUT_MS);
    const [made] = await this.#admin.query(node, "SELECT pg_create_restore_point($1)::text AS lsn", TIMEOUT_MS, [name]);
    return this.#note(name, { name, ...asPoint(row), upTo: textOf(made, "lsn") });
  }

  /** Runs a statement in a transaction of its own; the point is that transaction, and the position right before it. */
  async around(node: string, name: string, statement: string): Promise<string> {
    const [[row], [after]] = await this.#admin.withSession(node, TIMEOUT_MS, async (ask) => {
      await ask("BEGIN");
      const here = await ask(`SELECT ${HERE}`);
      await ask(statement);
      await ask("COMMIT");
      return [here, await ask("SELECT pg_current_wal_insert_lsn()::text AS lsn")] as const;
    });
    return this.#note(name, { name: null, ...asPoint(row), upTo: textOf(after, "lsn") });
  }

  /** How the server is told to end there. */
  target({ to, at = to === "time" ? "now" : "", inclusive }: RestoreOptions): RestoreTarget {
    if (at === "now" && to === "time")
      return {
        settings: { recovery_target_time: new Date().toISOString().replace("T", " ").replace("Z", "+00") },
        lineage: null,
        lsn: null,
        upTo: null,
      };
    const point = this.#points.get(at);
    if (!point) {
      const known = [...this.#points.keys(), ...(to === "time" ? ["now"] : [])].join(", ");
      throw new Error(`no point is called ${at}; there are: ${known}`);
    }
    const value = { lsn: point.lsn, name: point.name, time: point.time, xid: point.xid }[to as "lsn"];
    if (value === null) throw new Error(`${at} wrote no restore point; use lsn, time or xid`);
    const settings = { [`recovery_target_${to}`]: value, recovery_target_inclusive: inclusive ? "on" : "off" };
    const upTo = to === "lsn" && !inclusive ? point.lsn : point.upTo;
    return { settings, lineage: point.lineage, lsn: point.lsn, upTo };
  }

  #note(name: string, point: Point): string {
    this.#points.set(name, point);
    return `${point.lsn} on timeline ${point.lineage}, transaction ${point.xid}, ${point.time}`;
  }
}

const asPoint = (row: Parameters<typeof textOf>[0]): Omit<Point, "name" | "upTo"> => ({
  lineage: String(Number.parseInt(textOf(row, "timeline"), 16)),
  lsn: textOf(row, "lsn"),
  xid: textOf(row, "xid"),
  time: textOf(row, "time"),
});
