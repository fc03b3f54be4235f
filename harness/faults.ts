import type { FaultKind } from "./fault.ts";
import { archiveDamage } from "./faults/archive-damage.ts";
import { archivingFault } from "./faults/archiving-fault.ts";
import { bandwidth } from "./faults/bandwidth.ts";
import { bitRot } from "./faults/bit-rot.ts";
import { deleteObjects } from "./faults/delete-objects.ts";
import { driveLoss } from "./faults/drive-loss.ts";
import { expiryRule } from "./faults/expiry-rule.ts";
import { eraseData } from "./faults/erase-data.ts";
import { fetchFailure } from "./faults/fetch-failure.ts";
import { fileDamage } from "./faults/file-damage.ts";
import { latency } from "./faults/latency.ts";
import { lockBypass } from "./faults/lock-bypass.ts";
import { loseAccess } from "./faults/lose-access.ts";
import { memoryPressure } from "./faults/memory-pressure.ts";
import { mistake } from "./faults/mistake.ts";
import { nodeLoss } from "./faults/node-loss.ts";
import { overwriteObjects } from "./faults/overwrite-objects.ts";
import { partition } from "./faults/partition.ts";
import { pause } from "./faults/pause.ts";
import { powerLoss } from "./faults/power-loss.ts";
import { processCrash } from "./faults/process-crash.ts";
import { readOnlyFolder } from "./faults/read-only-folder.ts";
import { removeFolder } from "./faults/remove-folder.ts";
import { reset } from "./faults/reset.ts";
import { restart } from "./faults/restart.ts";
import { shutdown } from "./faults/shutdown.ts";
import { tornWrite } from "./faults/torn-write.ts";

/** Every fault that a scenario may name. A new one is one file and one line here. */
export const faultKinds: readonly FaultKind[] = [
  nodeLoss,
  powerLoss,
  processCrash,
  pause,
  restart,
  shutdown,
  partition,
  latency,
  bandwidth,
  reset,
  driveLoss,
  bitRot,
  deleteObjects,
  overwriteObjects,
  lockBypass,
  expiryRule,
  fileDamage,
  tornWrite,
  readOnlyFolder,
  eraseData,
  memoryPressure,
  archiveDamage,
  fetchFailure,
  mistake,
  removeFolder,
  archivingFault,
  loseAccess,
];

export const faultKind = (name: string): FaultKind | undefined => faultKinds.find((f) => f.name === name);
