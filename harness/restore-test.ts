/**
 * What a series of restore tests shows: each drill is a run with a signed pack of its own, and nothing here says more than their
 * reports do. Pure: reports in, one document out.
 */
import { fitLine, type Line, type Prediction, predict } from "./least-squares.ts";
import type { BackupRow, Report, RestoreRow } from "./report.ts";
import { counted, grouped } from "./text.ts";
import { type ExitCode, judgeInterval, type Verdict } from "./verdict.ts";

/** ADR-004: compression of at least 60 %, every backup validated within 24 hours. */
const LEAST_SAVED = 0.6;
const VALIDATED_WITHIN_MS = 24 * 3_600_000;
const FEWEST_SIZES = 3;

export type Which = "newest" | "oldest";

/** One drill that was asked for; `report` is null where it came to none. */
export interface Tested {
  readonly which: Which;
  /** Made-up data that the database was given. */
  readonly ballastBytes: number;
  readonly report: Report | null;
  /** Why there is none. */
  readonly missing: string | null;
}

interface About {
  readonly run: string;
  readonly which: Which;
  readonly ballastBytes: number;
}

interface DrillLine extends Omit<About, "run"> {
  readonly run: string | null;
  readonly scenario: string | null;
  readonly verdict: Verdict | "not run";
  readonly exitCode: ExitCode | null;
  readonly lost: number | null;
  readonly acknowledged: number | null;
  readonly recoveryTime: Report["recoveryTime"];
  readonly checks: readonly { readonly check: string; readonly verdict: Verdict }[];
  readonly missing: string | null;
}

export type BackupLine = BackupRow &
  About & { /** Share of the data's bytes that the store does not keep. */ readonly saved: number };
export type RestoreLine = RestoreRow & About & { readonly verdict: Verdict; readonly totalMs: number };

export interface Extrapolation extends Prediction {
  readonly atBytes: number;
  /** How many times above the largest size measured, or below the smallest; 1 between them. */
  readonly timesBeyond: number;
  /** The words that have to stand beside the figure wherever it is shown. */
  readonly mark: string;
  readonly againstObjective: "under" | "not under" | "cannot be told";
}

export interface RestoreTest {
  readonly schema: "blackstart/restore-test/v1";
  readonly tool: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly exitCode: ExitCode;
  readonly objectiveMs: number | null;
  readonly drills: readonly DrillLine[];
  readonly backups: readonly BackupLine[];
  readonly restores: readonly RestoreLine[];
  readonly compression: { readonly verdict: Verdict; readonly leastSaved: number; readonly detail: string };
  readonly validation: { readonly verdict: Verdict; readonly withinMs: number; readonly detail: string };
  /** Seconds from when the backup began to be fetched until the machine served, against bytes of data; of the newest backups that passed. */
  readonly line: Line | null;
  readonly lineRefused: string | null;
  readonly extrapolation: Extrapolation | null;
  readonly extrapolationRefused: string | null;
}

export interface Suite {
  readonly tool: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly exitCode: ExitCode;
  /** The size to extrapolate to; null when none was given. */
  readonly productionBytes: number | null;
}

export function summariseRestoreTest(tested: readonly Tested[], suite: Suite): RestoreTest {
  const { productionBytes, ...about } = suite;
  const reports = tested.flatMap((one) => (one.report ? [{ ...one, report: one.report }] : []));
  const backups = reports.flatMap(({ report, which, ballastBytes }) =>
    report.backups.map((row): BackupLine => ({ run: report.run, which, ballastBytes, ...row, saved: savedBy(row) })),
  );
  const restores = reports.flatMap(({ report, which, ballastBytes }) =>
    report.restores.map((row): RestoreLine => {
      const { run, verdict } = report;
      return { run, which, ballastBytes, verdict, ...row, totalMs: row.fetchMs + row.replayMs };
    }),
  );
  const objectiveMs = reports[0]?.report.objectives.recoveryTimeMs ?? null;
  const fitted = fittedOf(restores);
  const sizes = new Set(fitted.map(({ ballastBytes }) => ballastBytes)).size;
  const line = sizes < FEWEST_SIZES ? null : fitLine(fitted.map(pointOf));
  const beyond = extrapolate(line, fitted, { productionBytes, objectiveMs });
  return {
    schema: "blackstart/restore-test/v1",
    ...about,
    objectiveMs,
    drills: tested.map(drillLine),
    backups,
    restores,
    compression: compressionOf(backups),
    validation: validationOf(tested, { backups, restores }),
    line,
    lineRefused: line ? null : refusedLine(sizes),
    extrapolation: typeof beyond === "string" ? null : beyond,
    extrapolationRefused: typeof beyond === "string" ? beyond : null,
  };
}

const savedBy = ({ dataBytes, storedBytes }: BackupRow): number => (dataBytes === 0 ? 0 : 1 - storedBytes / dataBytes);

function drillLine({ which, ballastBytes, report, missing }: Tested): DrillLine {
  if (!report) {
    const nothing = { run: null, scenario: null, exitCode: null, lost: null, acknowledged: null, recoveryTime: null };
    return { which, ballastBytes, ...nothing, verdict: "not run", checks: [], missing };
  }
  const { run, scenario, verdict, exitCode, lost, operations, recoveryTime, reasons } = report;
  return {
    which,
    ballastBytes,
    run,
    scenario,
    verdict,
    exitCode,
    lost: lost.count,
    acknowledged: operations.acknowledged,
    recoveryTime,
    checks: reasons.map((finding) => ({ check: finding.check, verdict: finding.verdict })),
    missing: report.restores.length > 0 ? missing : "no restore is on record",
  };
}

/** An incremental backup stands for the whole data and keeps what changed, so its ratio says nothing of compression. */
function compressionOf(backups: readonly BackupLine[]): RestoreTest["compression"] {
  const about = { leastSaved: LEAST_SAVED };
  const full = backups.filter(({ level }) => level === "full");
  if (full.length === 0) return { ...about, verdict: "unknown", detail: "no full backup is on record" };
  const worst = Math.min(...full.map(({ saved }) => saved));
  const percent = (Math.floor(worst * 1_000) / 10).toFixed(1);
  const verdict = worst >= LEAST_SAVED ? "pass" : "fail";
  const detail = `the least that was saved is ${percent} % of the data, over ${counted(full.length, "full backup")}`;
  return { ...about, verdict, detail };
}

/** Both ends of the window have to be restored, and every restore has to have been proven good. */
function validationOf(
  tested: readonly Tested[],
  { backups, restores }: Pick<RestoreTest, "backups" | "restores">,
): RestoreTest["validation"] {
  const about = { withinMs: VALIDATED_WITHIN_MS };
  const failed = tested.filter(({ report }) => report?.verdict === "fail").length;
  if (failed > 0)
    return { ...about, verdict: "fail", detail: `${failed} of ${counted(tested.length, "drill")} failed` };
  const good = restores.filter(({ verdict }) => verdict === "pass");
  const ends = (["newest", "oldest"] as const).filter((end) => good.some(({ which }) => which === end));
  const proven = tested.every(({ report }) => report?.verdict === "pass");
  if (!proven || ends.length < 2)
    return {
      ...about,
      verdict: "unknown",
      detail: `proven good: ${ends.join(" and ") || "neither end"} of the window`,
    };
  const ages = good.map(({ backupAgeMs }) => backupAgeMs);
  if (ages.includes(null)) return { ...about, verdict: "unknown", detail: "a backup's age is not on record" };
  const oldest = Math.max(...(ages as number[]));
  const restored = new Set(good.map(({ run, backup }) => `${run} ${backup}`)).size;
  return {
    ...about,
    verdict: oldest < VALIDATED_WITHIN_MS ? "pass" : "fail",
    detail: `newest and oldest restored and proven good, ${restored} of the ${counted(backups.length, "backup")} on record; each served at most ${grouped(Math.ceil(oldest / 1_000))} s after it was complete, and was read back then`,
  };
}

/** The oldest has the whole window's history to replay beside its size, and what failed measures nothing. */
export const fittedOf = (restores: readonly RestoreLine[]): RestoreLine[] =>
  restores.filter(({ which, verdict }) => which === "newest" && verdict === "pass");

export const pointOf = ({ dataBytes, totalMs }: RestoreLine) => ({ x: dataBytes, y: totalMs / 1_000 });

const refusedLine = (sizes: number): string =>
  `no line: ${counted(sizes, "size was", "sizes were")} restored and proven good, and it takes at least ${FEWEST_SIZES}`;

function extrapolate(
  line: Line | null,
  fitted: readonly RestoreLine[],
  { productionBytes, objectiveMs }: { productionBytes: number | null; objectiveMs: number | null },
): Extrapolation | string {
  if (productionBytes === null) return "no production size was given";
  if (!line) return "no extrapolation without a line";
  if (line.slope <= 0)
    return "no extrapolation: the measured seconds do not grow with size, so the sizes are too small to say anything";
  const { value, lower, upper } = predict(line, productionBytes);
  return {
    atBytes: productionBytes,
    ...beyond(
      productionBytes,
      fitted.map(({ dataBytes }) => dataBytes),
    ),
    value,
    lower: Math.max(0, lower),
    upper,
    againstObjective:
      objectiveMs === null ? "cannot be told" : AGAINST[judgeInterval(lower, upper, objectiveMs / 1_000)],
  };
}

/** Other words than a verdict's: nothing is proven by what was not measured. */
const AGAINST = { pass: "under", fail: "not under", unknown: "cannot be told" } as const;

function beyond(bytes: number, measured: readonly number[]): Pick<Extrapolation, "timesBeyond" | "mark"> {
  const [above, below] = [bytes / Math.max(...measured), Math.min(...measured) / bytes];
  const timesBeyond = Math.max(1, above, below);
  if (timesBeyond === 1) return { timesBeyond, mark: "read off the line, within the sizes measured" };
  const times = timesBeyond >= 10 ? grouped(Math.round(timesBeyond)) : timesBeyond.toFixed(1);
  const words =
    above > 1 ? `${times} times the largest size measured` : `the smallest size measured is ${times} times as large`;
  return { timesBeyond, mark: `extrapolated, not measured: ${words}` };
}
