import type { Detector } from "./detector.ts";
import { archiverCheck } from "./detectors/archiver-check.ts";
import { nameGap } from "./detectors/name-gap.ts";
import { pgAmcheck } from "./detectors/pg-amcheck.ts";
import { pgChecksums } from "./detectors/pg-checksums.ts";
import { pgDump } from "./detectors/pg-dump.ts";
import { pgVerifybackup } from "./detectors/pg-verifybackup.ts";
import { pgWaldump } from "./detectors/pg-waldump.ts";
import { recoveryTarget } from "./detectors/recovery-target.ts";

/** Every detector. A new one is one file and one line here. */
export const detectors: readonly Detector[] = [
  recoveryTarget,
  nameGap,
  pgWaldump,
  pgVerifybackup,
  archiverCheck,
  pgAmcheck,
  pgDump,
  pgChecksums,
];
