import { parsePosition } from "../../../position.ts";
import type { Backup } from "../archiver.ts";
import type { Bench } from "../detector.ts";
import type { Beginning } from "../wal-names.ts";

/** Rejects where the cluster keeps no archive. */
export function archiveOf({ archive }: Bench): NonNullable<Bench["archive"]> {
  if (!archive) throw new Error("this cluster keeps no archive");
  return archive;
}

export function beginningOf({ timeline, startLsn, label }: Backup): Beginning {
  const lsn = parsePosition(startLsn);
  if (lsn === null) throw new Error(`the backup ${label} does not say where it begins`);
  return { timeline: Number(timeline), lsn };
}
