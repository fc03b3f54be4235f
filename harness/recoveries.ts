import { copyBack } from "./recoveries/copy-back.ts";
import { exec } from "./recoveries/exec.ts";
import { failover } from "./recoveries/failover.ts";
import { follow } from "./recoveries/follow.ts";
import { promote } from "./recoveries/promote.ts";
import { replaceDrive } from "./recoveries/replace-drive.ts";
import { repoint } from "./recoveries/repoint.ts";
import { restoreVersions } from "./recoveries/restore-versions.ts";
import { scrub } from "./recoveries/scrub.ts";
import { reconcile } from "./recoveries/reconcile.ts";
import { replayUnsure } from "./recoveries/replay-unsure.ts";
import { rejoin } from "./recoveries/rejoin.ts";
import { repair } from "./recoveries/repair.ts";
import { syncSequences } from "./recoveries/sync-sequences.ts";
import { restore } from "./recoveries/restore.ts";
import { start } from "./recoveries/start.ts";
import { wait } from "./recoveries/wait.ts";
import type { RecoveryKind } from "./recovery.ts";

/** Every recovery procedure that a scenario may name. A new one is one file and one line here. */
export const recoveryKinds: readonly RecoveryKind[] = [
  wait,
  start,
  promote,
  syncSequences,
  follow,
  repoint,
  replaceDrive,
  scrub,
  restoreVersions,
  failover,
  restore,
  copyBack,
  rejoin,
  repair,
  reconcile,
  replayUnsure,
  exec,
];

export const recoveryKind = (name: string): RecoveryKind | undefined => recoveryKinds.find((r) => r.name === name);
