/**
 * Two runs side by side: what came of each, and what was different before anything came of it. A difference in what was run, or in
 * what it ran on, is told apart from a difference in the result, for the first may explain the second.
 */
import type { Interval, Report } from "./report.ts";

export interface Difference {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** How two intervals of one duration lie: whether they share any value decides whether they can be told apart at all. */
type Relation = "shorter" | "longer" | "cannot be told apart" | "not measured in both";

export interface ComparedTime {
  readonly what: string;
  readonly before: Interval | null;
  readonly after: Interval | null;
  readonly relation: Relation;
}

export interface Comparison {
  readonly schema: "blackstart/comparison/v1";
  readonly before: RunName;
  readonly after: RunName;
  readonly sameScenario: boolean;
  /** Of the scenario, the settings, the images, the machine and the harness. */
  readonly conditions: readonly Difference[];
  readonly results: readonly Difference[];
  readonly times: readonly ComparedTime[];
}

export interface RunName {
  readonly run: string;
  readonly scenario: string;
  readonly startedAt: string;
}

export function comparisonOf(before: Report, after: Report): Comparison {
  return {
    schema: "blackstart/comparison/v1",
    before: nameOf(before),
    after: nameOf(after),
    sameScenario: before.scenarioSha256 === after.scenarioSha256,
    conditions: differences(conditionsOf(before), conditionsOf(after)),
    results: differences(resultsOf(before), resultsOf(after)),
    times: timesOf(before, after),
  };
}

const nameOf = ({ run, scenario, startedAt }: Report): RunName => ({ run, scenario, startedAt });

type Facts = ReadonlyMap<string, string>;

/** Everything that both have and that differs, and what only one of them has. */
function differences(before: Facts, after: Facts): Difference[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [a, b] = [before.get(what) ?? "", after.get(what) ?? ""];
    return a === b ? [] : [{ what, before: a, after: b }];
  });
}

function conditionsOf(report: Report): Facts {
  const { host } = report;
  return new Map([
    ["scenario", report.scenario],
    ["scenario's file", report.scenarioSha256],
    ["policy", `${report.policy.id} ${report.policy.sha256}`],
    ["overrides", report.overrides.join(", ")],
    ["evidence class", report.class],
    ["steps", report.steps.map(({ does, target, started }) => `${does} of ${target} ${started}`).join("; ")],
    ...report.settings.map(({ node, name, value }) => [`${name} of ${node}`, value] as const),
    ...report.images.map(({ component, name, id }) => [`image of ${component}`, `${name} ${id}`] as const),
    ["kernel", host.kernel],
    ["processors", String(host.cpus)],
    ["memory in bytes", String(host.memoryBytes)],
    ["engine", host.engine],
    ["Blackstart", host.blackstart],
    ["evaluator", host.evaluatorSha256],
  ]);
}

function resultsOf(report: Report): Facts {
  const counts = (["phantom", "resurrected", "duplicated", "mutated", "stale"] as const).map(
    (what) => [what, String(report[what])] as const,
  );
  return new Map([
    ["verdict", report.luckyPass ? "lucky pass" : report.verdict],
    ["exit code", String(report.exitCode)],
    ["lost", String(report.lost.count)],
    ["shape of the loss", report.lost.shape],
    ...counts,
    ["zero loss guaranteed by the settings", String(report.guaranteed.zeroLoss)],
    ...report.reasons.map(({ check, verdict }) => [`check ${check}`, verdict] as const),
    ...(report.inspection?.rows ?? []).map(
      ({ detector, component, noticed }) => [`detector ${detector} of ${component}`, noticed] as const,
    ),
  ]);
}

function timesOf(before: Report, after: Report): ComparedTime[] {
  const marks = (report: Report): ReadonlyMap<string, Interval | null> =>
    new Map([
      ["recovery time", report.recoveryTime],
      ["detection", report.detection],
      ...report.waterfall.map(({ label, at }) => [label, at] as const),
    ]);
  const [a, b] = [marks(before), marks(after)];
  return [...new Set([...a.keys(), ...b.keys()])].map((what) => {
    const pair = { before: a.get(what) ?? null, after: b.get(what) ?? null };
    return { what, ...pair, relation: relationOf(pair.before, pair.after) };
  });
}

function relationOf(before: Interval | null, after: Interval | null): Relation {
  if (!before || !after) return "not measured in both";
  if (after.lowerMs > before.upperMs) return "longer";
  return after.upperMs < before.lowerMs ? "shorter" : "cannot be told apart";
}
