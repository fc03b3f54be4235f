import type { RoutineKind } from "./routine.ts";
import { backup } from "./routines/backup.ts";
import { restorePoint } from "./routines/restore-point.ts";

/** Every routine that a scenario may name. A new one is one file and one line here. */
export const routineKinds: readonly RoutineKind[] = [backup, restorePoint];

export const routineKind = (name: string): RoutineKind | undefined => routineKinds.find((r) => r.name === name);
