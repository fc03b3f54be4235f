import type { CheckControls } from "./control.ts";
import { amcheck } from "./controls/amcheck.ts";
import { archivingAlarm } from "./controls/archiving-alarm.ts";
import { balances } from "./controls/balances.ts";
import { checksums } from "./controls/checksums.ts";
import { clock } from "./controls/clock.ts";
import { crossCheck } from "./controls/cross-check.ts";
import { declaredLoss } from "./controls/declared-loss.ts";
import { detection } from "./controls/detection.ts";
import { dropIn } from "./controls/drop-in.ts";
import { durabilitySettings } from "./controls/durability-settings.ts";
import { faultEffect } from "./controls/fault-effect.ts";
import { hypertable } from "./controls/hypertable.ts";
import { load } from "./controls/load.ts";
import { membership } from "./controls/membership.ts";
import { noDamageNoticed } from "./controls/no-damage-noticed.ts";
import { noLostWrites } from "./controls/no-lost-writes.ts";
import { outcomeClass } from "./controls/outcome-class.ts";
import { reconciliation } from "./controls/reconciliation.ts";
import { record } from "./controls/record.ts";
import { recoveryProcedure } from "./controls/recovery-procedure.ts";
import { recoveryTime } from "./controls/recovery-time.ts";
import { restoreTarget } from "./controls/restore-target.ts";
import { routine } from "./controls/routine.ts";
import { secondEstimate } from "./controls/second-estimate.ts";
import { steadyState } from "./controls/steady-state.ts";
import { subscribers } from "./controls/subscribers.ts";
import { tamperRefused } from "./controls/tamper-refused.ts";

/** The controls of every check, in the order of the checkers. A new checker brings one file and one line here. */
export const controls: readonly CheckControls[] = [
  recoveryTime,
  noLostWrites,
  detection,
  membership,
  balances,
  checksums,
  amcheck,
  hypertable,
  dropIn,
  subscribers,
  noDamageNoticed,
  tamperRefused,
  archivingAlarm,
  recoveryProcedure,
  restoreTarget,
  routine,
  reconciliation,
  secondEstimate,
  outcomeClass,
  durabilitySettings,
  faultEffect,
  load,
  steadyState,
  clock,
  crossCheck,
  record,
  declaredLoss,
];
