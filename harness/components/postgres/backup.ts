import type { StackContext } from "../../component.ts";
import { bracket } from "../../time.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { type Archiver, type BackupLevel, sizesOf } from "./archiver.ts";
import { DATA_BYTES, DATA_BYTES_TIMEOUT_MS } from "./data-size.ts";
import type { Shell } from "./shell.ts";

interface BackupBench {
  readonly component: string;
  readonly admin: AdminConnections;
  readonly archiver: Archiver;
  /** Where clients write. */
  readonly on: Shell;
  readonly taken: StackContext["backupTaken"];
}

export async function takeBackup(
  { component, admin, archiver, on, taken }: BackupBench,
  level: BackupLevel,
): Promise<{ label: string; level: string; detail: string }> {
  const size = `SELECT (${DATA_BYTES})::text AS bytes`;
  const [row] = await admin.query(on.node.name, size, DATA_BYTES_TIMEOUT_MS);
  const { value, at } = await bracket(() => archiver.backUp(on, level));
  const { label, startLsn, stopLsn } = value;
  taken({
    component,
    label,
    level: value.level,
    dataBytes: Number(textOf(row, "bytes")),
    storedBytes: value.bytes,
    fromNs: String(at.fromNs),
    toNs: String(at.toNs),
  });
  return { label, level: value.level, detail: `${startLsn} to ${stopLsn}, ${sizesOf(value)}` };
}
