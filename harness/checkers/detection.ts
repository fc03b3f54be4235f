import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import type { Interval } from "../report.ts";
import type { Finding } from "../verdict.ts";
import { type EffectiveFault, effectiveFaults, outages, outageOf } from "./outage.ts";
import { atMs, eventsOf, type Span, spanOf } from "./reading.ts";
import { worstClock } from "./clocks.ts";
import { againstObjective, finding } from "./findings.ts";
import { servedBy } from "./positions.ts";

/** The detector's own sample ends where the journal says that it decided; the two are taken from one reading of the clock. */
const SAME_INSTANT_MS = 10;

export interface Detection {
  readonly step: string;
  /** A detector of the drill, or the manager of the system under test by its own log. */
  readonly by: "detector" | "manager";
  readonly fault: EffectiveFault;
  readonly detectedMs: number;
  /** From the fault's effect to the detector's decision. */
  readonly interval: Interval;
}

/** Every decision that something is down against the fault that it is about. */
export const detectionsOf = (history: History): Detection[] => [
  // The decision is the harness's own act and its instant is read when it is made: no stall can stand between the two.
  ...eventsOf(history, "detected").flatMap(({ data: { step, probe, toNs } }) =>
    detectionAt(
      history,
      { step, by: "detector", component: probe },
      { fromMs: atMs(history, toNs), toMs: atMs(history, toNs) },
    ),
  ),
  ...managerDecisions(history).flatMap(({ data }) =>
    detectionAt(
      history,
      { step: data.step, by: "manager", component: targetOf(history, data.step) },
      spanOf(history, data),
    ),
  ),
];

const componentOf = (target: string): string => target.split(".")[0] ?? "";

function targetOf({ plan }: History, name: string): string {
  const step = plan.steps.find((planned) => planned.name === name);
  return step && "target" in step ? componentOf(step.target) : "";
}

/** Where the system under test notices by itself and says when, a recovery marks it. */
const managerDecisions = (history: History) =>
  eventsOf(history, "recovery-mark").filter(({ data }) => data.mark === "detected");

interface Decision extends Pick<Detection, "step" | "by"> {
  /** Whose clients were looked at. */
  readonly component: string;
}

function detectionAt(history: History, { step, by, component }: Decision, { fromMs, toMs }: Span): Detection[] {
  const fault = faultBehind(history, { by, component }, toMs);
  if (!fault) return [];
  const interval = { lowerMs: Math.max(0, fromMs - fault.at.toMs), upperMs: toMs - fault.at.fromMs };
  return [{ step, by, fault, detectedMs: toMs, interval }];
}

/**
 * What a decision is about: within the outage that was open, the first fault of that component, for whoever watches one cannot
 * know of another's; else what the outage began with. Without an outage, the last fault before it. A manager watches the node
 * that serves: what befell another one before, and hurt clients too, it was not to notice.
 */
function faultBehind(
  history: History,
  { by, component }: Pick<Decision, "by" | "component">,
  decidedMs: number,
): EffectiveFault | undefined {
  const isEarlier = ({ at }: EffectiveFault): boolean => at.fromMs <= decidedMs;
  const earlier = effectiveFaults(history).filter(isEarlier);
  const own = earlier.filter(({ target }) => componentOf(target) === component);
  const open = outages(history)
    .map((outage) => outage.fault)
    .findLast(isEarlier);
  const since = own.filter(({ at }) => at.fromMs >= (open?.at.fromMs ?? -Infinity));
  const serving = `${component}.${servedBy(history, component).before}`;
  const watched = by === "manager" ? since.find(({ target }) => target === serving) : undefined;
  if (watched) return watched;
  if (open) return since[0] ?? open;
  return own.at(-1) ?? earlier.at(-1) ?? outageOf(history)?.fault;
}

/** The slowest detection: the one that the objective is held against. */
export const slowestDetection = (history: History): Detection | null =>
  detectionsOf(history).reduce<Detection | null>(
    (a, b) => (a && a.interval.upperMs >= b.interval.upperMs ? a : b),
    null,
  );

function check(history: History): Finding {
  const planned = history.plan.steps.filter((step) => step.start.by === "detector");
  const say = finding("detection", ["raw/events.jsonl", "raw/probes.jsonl"]);
  if (planned.length === 0 && managerDecisions(history).length === 0)
    return say("pass", "no step of this drill starts on a detector: the time to detect is not measured");
  if (effectiveFaults(history).length === 0)
    return say("unknown", "no fault was effective: there is nothing to detect");
  const fired = new Set(eventsOf(history, "detected").map(({ data }) => data.step));
  const silent = planned.find((step) => !fired.has(step.name));
  if (silent) return say("fail", `the detector of ${silent.name} never fired`);
  const detections = detectionsOf(history);
  const early = detections.find(({ detectedMs, fault }) => detectedMs < fault.at.fromMs);
  if (early) return say("unknown", `the detector of ${early.step} fired before any fault was effective`);
  const unfounded = detections.find((detection) => detection.by === "detector" && !isFounded(history, detection));
  if (unfounded)
    return say("unknown", `the samples of the detector of ${unfounded.step} do not show the failures that it fired on`);
  const slowest = slowestDetection(history);
  if (!slowest) return say("unknown", "no detection could be measured");
  const words = againstObjective(
    `${slowest.fault.fault} of ${slowest.fault.target} was detected ${slowest.by === "manager" ? "by its own manager " : ""}after`,
    slowest.interval,
    history.plan.objectives.detectionMs,
  );
  return words.verdict === "fail" && worstClock(history)
    ? say("unknown", `${words.detail}; but the clocks disagree`)
    : say(words.verdict, words.detail);
}

/** Whether the record holds the consecutive failures, the last of which ended when the detector is said to have fired. */
function isFounded(history: History, { step, detectedMs }: Detection): boolean {
  const fails = eventsOf(history, "detected").find(({ data }) => data.step === step)?.data.fails ?? 1;
  const samples = history.probes.filter(
    (sample) => sample.probe === `detector:${step}` && sample.endedMs <= detectedMs + SAME_INSTANT_MS,
  );
  const last = samples.toSorted((a, b) => a.endedMs - b.endedMs).slice(-fails);
  return (
    last.length === fails &&
    last.every((sample) => !sample.ok) &&
    Math.abs((last.at(-1)?.endedMs ?? 0) - detectedMs) <= SAME_INSTANT_MS
  );
}

export const detection: Checker = {
  name: "detection",
  summary: "From the fault's effect to the decision of the detector, against the objective",
  always: true,
  check,
};
