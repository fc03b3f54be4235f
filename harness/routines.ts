import type { RoutineKind } from "./routine.ts";
import { batch } from "./routines/batch.ts";
import { migrate } from "./routines/migrate.ts";
import { archiveNow } from "./routines/archive-now.ts";
import { backup } from "./routines/backup.ts";
import { escrow } from "./routines/escrow.ts";
import { expireBackups } from "./routines/expire-backups.ts";
import { restorePoint } from "./routines/restore-point.ts";
import { rotateKey } from "./routines/rotate-key.ts";
import { trialWrites } from "./routines/trial-writes.ts";

/** Every routine that a scenario may name. A new one is one file and one line here. */
export const routineKinds: readonly RoutineKind[] = [
  backup,
  restorePoint,
  archiveNow,
  trialWrites,
  migrate,
  batch,
  expireBackups,
  escrow,
  rotateKey,
];

export const routineKind = (name: string): RoutineKind | undefined => routineKinds.find((r) => r.name === name);
