import { backupsOf, restoresOf } from "./analyze/backups.ts";
import { type AnalysisContext, readContext } from "./analyze/context.ts";
import { sentenceOf, settingsOf, stepsOf, topologyOf } from "./analyze/describe.ts";
import { judge } from "./analyze/judge.ts";
import type { Checker } from "./checker.ts";
import { checkers as all } from "./checkers.ts";
import { baselineOf } from "./checkers/clients.ts";
import { slowestDetection } from "./checkers/detection.ts";
import { detectorsOf } from "./checkers/detectors.ts";
import { guaranteeOf } from "./checkers/guarantee.ts";
import { type LossReading, lossOf } from "./checkers/loss.ts";
import { membershipOf } from "./checkers/membership.ts";
import { type Outage, outageOf } from "./checkers/outage.ts";
import { positionsOf } from "./checkers/positions.ts";
import { eventsOf, keyOf, storesOf, struckOf } from "./checkers/reading.ts";
import { comparisonOf } from "./checkers/second-estimate.ts";
import { usersOf } from "./checkers/users.ts";
import { rounded, timelineOf, waterfallOf } from "./checkers/waterfall.ts";
import type { History, Operation, Outcome } from "./history.ts";
import { loadHistory } from "./history/load.ts";
import { lineageWords } from "./position.ts";
import type { DetectorRow, Interval, LostOperation, Report, Result } from "./report.ts";
import { claimFor } from "./statistics.ts";
import { humanMs } from "./text.ts";

/** The first lost writes stand in the report by name; all of them are in the raw files. */
const NAMED_LOSSES = 100;
const ONE_RUN = 1;

/** Reads a run from disk and judges it again: the same pack gives the same report to the byte. */
export const analyzePack = async (dir: string): Promise<Report> =>
  analyze(await loadHistory(dir), await readContext(dir));

/**
 * The report of a run, from its record alone. `context` is what cannot be in the record: how the evidence itself came about. Other
 * `checkers` than those of the registry are for the test that a selftest notices a blind one.
 */
export function analyze(history: History, context: AnalysisContext = {}, checkers: readonly Checker[] = all): Report {
  const { plan, run, host, images } = history;
  const { verdict, exitCode, reasons } = judge(history, checkers);
  const guaranteed = guaranteeOf(history);
  const counts = lossOf(history) ?? nothingRead(history);
  const {
    loss: lost,
    lostOperations,
    phantom,
    resurrected,
    duplicated,
    mutated,
    stale,
    discarded,
    indeterminate,
  } = counts;
  const pack = context.pack ?? `reports/${run}`;
  return {
    schema: "blackstart/result/v1",
    run,
    scenario: plan.scenario.id,
    scenarioSha256: plan.scenario.sha256,
    class: context.class ?? "development",
    verdict,
    expect: plan.expect.verdict,
    exitCode,
    reasons,
    ...durationsOf(history),
    operations: operationCounts(history),
    lost,
    phantom,
    resurrected,
    duplicated,
    mutated,
    stale,
    guaranteed,
    ...noticedIn(history),
    pack,
    bundle: `${pack}/report.sigstore.json`,
    title: plan.scenario.title,
    sentence: sentenceOf(history),
    covers: plan.scenario.covers,
    controls: plan.scenario.controls,
    startedAt: history.events[0]?.wall ?? "",
    endedAt: (eventsOf(history, "run-ended")[0] ?? history.events.at(-1))?.wall ?? "",
    objectives: plan.objectives,
    policy: plan.policy,
    overrides: plan.overrides,
    seed: plan.seed,
    classReasons:
      context.classReasons ??
      (context.class === undefined ? ["the pack does not say how its evidence came about"] : []),
    luckyPass: verdict === "pass" && lost.count === 0 && !guaranteed.zeroLoss,
    waterfall: waterfallOf(history),
    timeline: timelineOf(history),
    baseline: roundedBaseline(history),
    secondEstimate: secondEstimateOf(history),
    indeterminate,
    discarded,
    lostOperations: lostOperations.slice(0, NAMED_LOSSES).map((op) => describeLost(history, op)),
    membership: membershipOf(history)?.rows ?? null,
    users: usersOf(history),
    backups: backupsOf(history),
    restores: restoresOf(history),
    topology: topologyOf(history),
    settings: settingsOf(history),
    confidence: { ...errorsOf(history), claim: claimFor(ONE_RUN) },
    steps: stepsOf(history),
    host,
    images,
    attempts: context.attempts ?? { number: 1, windowDays: 0, passed: 0, failed: 0, other: 0 },
    intent: context.intent === undefined ? signedIntent(history) : context.intent,
    keyFingerprint: context.keyFingerprint ?? null,
    ...(context.witnesses && { witnesses: context.witnesses }),
    selftest: context.selftest ?? null,
    ...(context.acceptances && { acceptances: context.acceptances }),
  };
}

function noticedIn(history: History): Pick<Report, "detectors" | "inspection"> {
  const inspection = detectorsOf(history);
  if (!inspection) return {};
  const named = (noticed: DetectorRow["noticed"]): string[] => [
    ...new Set(inspection.rows.filter((row) => row.noticed === noticed).map((row) => row.detector)),
  ];
  return { detectors: { noticed: named("yes"), silent: named("no"), notRun: named("not-run") }, inspection };
}

/** The stable part of a report: the contract `blackstart/result/v1` and nothing else. */
export const toResult = (report: Report): Result => ({
  schema: report.schema,
  run: report.run,
  scenario: report.scenario,
  scenarioSha256: report.scenarioSha256,
  class: report.class,
  verdict: report.verdict,
  expect: report.expect,
  exitCode: report.exitCode,
  reasons: report.reasons,
  recoveryTime: report.recoveryTime,
  detection: report.detection,
  operations: report.operations,
  lost: report.lost,
  phantom: report.phantom,
  resurrected: report.resurrected,
  duplicated: report.duplicated,
  mutated: report.mutated,
  stale: report.stale,
  guaranteed: report.guaranteed,
  ...(report.detectors && { detectors: report.detectors }),
  pack: report.pack,
  bundle: report.bundle,
});

const against = (objectiveMs: number, interval: Interval | null | undefined): Report["detection"] =>
  interval ? { objectiveMs, ...rounded(interval) } : null;

function durationsOf(history: History): Pick<Report, "recoveryTime" | "detection"> {
  const { recoveryTimeMs, detectionMs } = history.plan.objectives;
  return {
    recoveryTime: against(recoveryTimeMs, outageOf(history)?.interval),
    detection: against(detectionMs, slowestDetection(history)?.interval),
  };
}

function operationCounts({ operations }: History): Report["operations"] {
  const count = (outcome: Outcome): number => operations.filter((op) => op.outcome === outcome).length;
  return { invoked: operations.length, acknowledged: count("ok"), failed: count("fail"), indeterminate: count("info") };
}

/** Without a read-back nothing is known to be lost; the check says that it is unknown. */
function nothingRead(history: History): LossReading {
  return {
    lostOperations: [],
    loss: {
      count: 0,
      shape: "none",
      seconds: 0,
      walBytes: 0,
      byStore: Object.fromEntries(storesOf(history).map((store) => [store, 0])),
    },
    phantom: 0,
    resurrected: 0,
    duplicated: 0,
    mutated: 0,
    stale: 0,
    discarded: 0,
    indeterminate: { present: 0, absent: 0 },
  };
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;

function roundedBaseline(history: History): Report["baseline"] {
  const baseline = baselineOf(history);
  if (!baseline) return null;
  const { throughputPerSecond, latencyP50Ms, latencyP99Ms } = baseline;
  return {
    throughputPerSecond: round(throughputPerSecond),
    latencyP50Ms: round(latencyP50Ms),
    latencyP99Ms: round(latencyP99Ms),
  };
}

function secondEstimateOf(history: History): Report["secondEstimate"] {
  const comparison = comparisonOf(history);
  if ("missing" in comparison) return null;
  const { method, lowest, highest, agrees } = comparison;
  return { method, lowest, highest, agrees };
}

/** Times are relative to the fault, like those of the waterfall. */
function describeLost(history: History, op: Operation): LostOperation {
  const zeroMs = outageOf(history)?.fault.at.toMs ?? 0;
  const ackMs = round((op.endedMs ?? 0) - zeroMs);
  return {
    op: op.op,
    store: op.store,
    ackMs,
    node: op.node,
    position: op.position,
    cause: causeOf(history, op),
  };
}

function causeOf(history: History, op: Operation): string {
  const where = `acknowledged by ${op.node ?? "an unnamed node"}${op.lineage === null ? "" : ` on ${lineageWords(op.lineage)}`}`;
  const positions = positionsOf(history);
  if ("missing" in positions) return where;
  const fate = positions.fate(op);
  if (fate === "lost") return `${where}, beyond ${positions.point(op)}`;
  const struckBy = struckOf(history).get(keyOf(op));
  if (fate === "kept" && struckBy !== undefined)
    return `${where}; stood in bytes that ${struckBy} damaged, or beside them`;
  if (fate === "kept")
    return `${where}; its position survived (${positions.point(op)}) and it is absent all the same: a hole`;
  return `${where}, at the edge of ${positions.point(op)}`;
}

/** What makes the recovery time an interval and not a point. */
function errorsOf(history: History): { errorMs: number; parts: string[] } {
  const { eventLoopStallMs } = history.host;
  const stall = `longest stall of the harness: ${humanMs(eventLoopStallMs)}`;
  const outage = outageOf(history);
  if (!outage) return { errorMs: eventLoopStallMs, parts: [stall] };
  const widthMs = outage.fault.at.toMs - outage.fault.at.fromMs;
  const parts = [
    `the fault became effective within ${humanMs(widthMs)}`,
    ...gapOf(outage, widthMs, eventLoopStallMs),
    stall,
  ];
  const errorMs = outage.interval ? outage.interval.upperMs - outage.interval.lowerMs : widthMs + eventLoopStallMs;
  return { errorMs: round(errorMs), parts };
}

function gapOf({ interval, noticed }: Outage, widthMs: number, stallMs: number): string[] {
  if (!interval || !noticed) return [];
  const gapMs = Math.max(0, interval.upperMs - interval.lowerMs - widthMs - stallMs);
  return [`from the last request that failed to the first that lasted: ${humanMs(gapMs)}`];
}

function signedIntent(history: History): Report["intent"] {
  const signed = eventsOf(history, "intent-signed")[0]?.data;
  return signed ? { sha256: signed.sha256, ledgerIndex: signed.ledgerIndex } : null;
}
