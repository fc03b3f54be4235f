import type { Checker } from "./checker.ts";
import { amcheck } from "./checkers/amcheck.ts";
import { archivingAlarm } from "./checkers/archiving-alarm.ts";
import { balances } from "./checkers/balances.ts";
import { checksums } from "./checkers/checksums.ts";
import { clock } from "./checkers/clock.ts";
import { crossCheck } from "./checkers/cross-check.ts";
import { detection } from "./checkers/detection.ts";
import { dropIn } from "./checkers/drop-in.ts";
import { durabilitySettings } from "./checkers/durability-settings.ts";
import { faultEffect } from "./checkers/fault-effect.ts";
import { hypertable } from "./checkers/hypertable.ts";
import { load } from "./checkers/load.ts";
import { outcomeClass } from "./checkers/outcome-class.ts";
import { membership } from "./checkers/membership.ts";
import { noDamageNoticed } from "./checkers/no-damage-noticed.ts";
import { noLostWrites } from "./checkers/no-lost-writes.ts";
import { record } from "./checkers/record.ts";
import { reconciliation } from "./checkers/reconciliation.ts";
import { recoveryProcedure } from "./checkers/recovery-procedure.ts";
import { recoveryTime } from "./checkers/recovery-time.ts";
import { restoreTarget } from "./checkers/restore-target.ts";
import { routine } from "./checkers/routine.ts";
import { secondEstimate } from "./checkers/second-estimate.ts";
import { steadyState } from "./checkers/steady-state.ts";
import { subscribers } from "./checkers/subscribers.ts";
import { tamperRefused } from "./checkers/tamper-refused.ts";

/** Every judgement there is, in the order of the report. A new one is one file and one line here. */
export const checkers: readonly Checker[] = [
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
];
