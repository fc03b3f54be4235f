import type { FaultKind } from "./fault.ts";
import { bandwidth } from "./faults/bandwidth.ts";
import { latency } from "./faults/latency.ts";
import { nodeLoss } from "./faults/node-loss.ts";
import { partition } from "./faults/partition.ts";
import { pause } from "./faults/pause.ts";
import { powerLoss } from "./faults/power-loss.ts";
import { processCrash } from "./faults/process-crash.ts";
import { reset } from "./faults/reset.ts";
import { restart } from "./faults/restart.ts";

/** Every fault that a scenario may name. A new one is one file and one line here. */
export const faultKinds: readonly FaultKind[] = [
  nodeLoss,
  powerLoss,
  processCrash,
  pause,
  restart,
  partition,
  latency,
  bandwidth,
  reset,
];

export const faultKind = (name: string): FaultKind | undefined => faultKinds.find((f) => f.name === name);
