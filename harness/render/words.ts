/** The words that every view shares, so that the page, the terminal and the summary never say different things. */
import type { Inspection, Interval, Mark, Report, Users } from "../report.ts";
import { EXIT, type Finding, type Verdict } from "../verdict.ts";
import { counted, grouped, humanMs } from "../text.ts";
import { selftestBanner } from "./selftest.ts";

export type Tone = "pass" | "fail" | "unknown" | "lucky" | "control";

/** The verdict as one word, the colour it gets, and what it means. */
export interface Stamp {
  readonly word: string;
  readonly tone: Tone;
  readonly meaning: string;
}

export function stamp(report: Report): Stamp {
  if (report.verdict === "unknown")
    return { word: "Unknown", tone: "unknown", meaning: "Not proven. What was not proven never counts as a pass." };
  if (report.expect === "fail") return controlStamp(report);
  if (report.verdict === "fail")
    return { word: "Fail", tone: "fail", meaning: "At least one condition of success was missed." };
  if (report.luckyPass)
    return { word: "Lucky pass", tone: "lucky", meaning: "Nothing was lost, but the settings permit loss." };
  if (report.inspection?.leftBehind)
    return {
      word: "Pass, damaged",
      tone: "lucky",
      meaning: "Every condition of success was met, and damage was noticed all the same.",
    };
  return { word: "Pass", tone: "pass", meaning: "Every condition of success was met and proven." };
}

/** A lossy control is there to lose data: it holds when it lost what it declared, and the exit code says whether it did. */
function controlStamp(report: Report): Stamp {
  if (heldAsDeclared(report))
    return {
      word: "Failed as declared",
      tone: "control",
      meaning: "Lossy control: failed as declared. It shows that the checkers see loss where there is loss.",
    };
  if (report.exitCode === EXIT.inconclusive)
    return {
      word: "Not proven",
      tone: "unknown",
      meaning: "Lossy control: whether it failed as declared is not proven, so it shows nothing about the checkers.",
    };
  return {
    word: "Not as declared",
    tone: "fail",
    meaning: "Lossy control: it did not fail as declared, so its checkers or its fault cannot be trusted.",
  };
}

export const heldAsDeclared = (report: Report): boolean =>
  report.expect === "fail" && report.verdict === "fail" && report.exitCode === EXIT.met;

export interface Notice {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
}

/** Notices that stand above everything else but accepted risks. */
export function banners(report: Report): Notice[] {
  const { lost, guaranteed, overrides } = report;
  const notices: Notice[] = [];
  if (report.expect === "fail")
    notices.push({
      tone: stamp(report).tone,
      title: `Lossy control: ${stamp(report).word.toLowerCase()}`,
      text: `This drill must lose data, to show that the checkers see it. ${counted(lost.count, "acknowledged write was", "acknowledged writes were")} lost.${heldAsDeclared(report) ? "" : " The reasons say what is not as declared, or not proven."}`,
    });
  if (report.luckyPass)
    notices.push({
      tone: "lucky",
      title: "Lucky pass",
      text: `Nothing was lost this time, but the settings permit loss: ${guaranteed.why.join("; ")}.`,
    });
  const untrusted = selftestBanner(report);
  if (untrusted) notices.push({ tone: "fail", ...untrusted });
  if (report.inspection?.leftBehind) notices.push(damageNotice(report.inspection));
  if (overrides.length > 0)
    notices.push({
      tone: "unknown",
      title: "Overridden for this run",
      text: `The scenario was changed on the command line: ${overrides.join(", ")}. The run does not count as a run of the scenario as filed.`,
    });
  return notices;
}

/** The verdict is about what was signed before; a detector that nobody made a condition of success changes nothing about it. */
function damageNotice({ rows }: Inspection): Notice {
  const found = rows.filter(({ noticed, tookMs }) => noticed === "yes" && tookMs !== null);
  return {
    tone: "lucky",
    title: "Nothing lost, and damage noticed",
    text: `Every acknowledged write is there, and yet ${found.map(({ detector, detail }) => `${detector} noticed: ${detail}`).join("; ")}. What is damaged may be what the next recovery needs. The check no-damage-noticed makes this a condition of success.`,
  };
}

const order: Record<Verdict, number> = { fail: 0, unknown: 1, pass: 2 };
/** What did not pass first; otherwise as the checkers reported. */
export const worstFirst = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((a, b) => order[a.verdict] - order[b.verdict]);

/** Rounded away from the middle, so that a printed interval always contains the measured one. */
function outward(ms: number, up: boolean): number {
  const abs = Math.abs(ms);
  const unit = abs < 10 ? 0.1 : abs < 1_000 ? 1 : abs < 60_000 ? 10 : 1_000;
  const units = up ? Math.ceil(ms / unit - 1e-6) : Math.floor(ms / unit + 1e-6);
  return units * unit + 0;
}

/** One instant or duration, with a real minus sign. */
export const printed = (ms: number): string =>
  humanMs(ms)
    .replace(/^-?0\.0 /, "0 ")
    .replace(/^-/, "−");

const split = (text: string): [string, string] => [
  text.slice(0, text.lastIndexOf(" ")),
  text.slice(text.lastIndexOf(" ")),
];

/** The two ends and, where they share it, their unit: `["702", "752", "ms"]`. */
export function intervalParts({ lowerMs, upperMs }: Interval): { from: string; to: string; unit: string } {
  const [from, to] = [printed(outward(lowerMs, false)), printed(outward(upperMs, true))];
  const [[fromNumber, fromUnit], [toNumber, toUnit]] = [split(from), split(to)];
  const shared = fromUnit === toUnit && !from.includes("min") && !to.includes("min");
  return shared ? { from: fromNumber, to: toNumber, unit: toUnit.trim() } : { from, to, unit: "" };
}

/** `702 to 752 ms`, `0.95 s to 1.02 s` as `950 ms to 1.02 s`; one value where both ends print alike. */
export function interval(value: Interval): string {
  const { from, to, unit } = intervalParts(value);
  return `${from === to ? from : `${from} to ${to}`}${unit && ` ${unit}`}`;
}

/** An objective is a round number: `5 min`, `1 s`, `250 ms`. */
export function objective(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  if (ms >= 1_000 && ms < 60_000 && ms % 10 === 0) return `${ms / 1_000} s`;
  return humanMs(ms).replace(/\.0 /, " ");
}

/** How an interval stands to its objective. Only an upper bound within it is within it. */
export function against(value: Interval, objectiveMs: number): { tone: Tone; words: string } {
  if (value.upperMs <= objectiveMs) return { tone: "pass", words: "upper bound within the objective" };
  if (value.lowerMs > objectiveMs) return { tone: "fail", words: "over the objective" };
  return { tone: "unknown", words: "upper bound over the objective" };
}

export const lostOf = ({ lost, operations }: Report): string =>
  `${grouped(lost.count)} of ${counted(operations.acknowledged, "acknowledged write")} lost`;

export const environment = (report: Report): string =>
  ({
    "container-lab": "container lab, not production",
    staging: "staging, not production",
    "production-like": "production-like, not production",
  })[report.host.environmentKind];

export function attempts({ attempts: { number, windowDays, passed, failed, other } }: Report): string {
  const before =
    passed + failed + other === 0 ? "none before it" : `before it ${passed} passed, ${failed} failed, ${other} other`;
  return `attempt ${number} in ${counted(windowDays, "day")}; ${before}`;
}

export const bytes = (n: number): string =>
  n < 1024
    ? `${grouped(n)} B`
    : n < 1024 ** 2
      ? `${(n / 1024).toFixed(1)} KiB`
      : n < 1024 ** 3
        ? `${(n / 1024 ** 2).toFixed(1)} MiB`
        : `${(n / 1024 ** 3).toFixed(1)} GiB`;

/** The marks as they happened; those without a time come last. */
export const inOrder = (marks: readonly Mark[]): Mark[] =>
  marks.toSorted((a, b) => (a.at?.upperMs ?? Infinity) - (b.at?.upperMs ?? Infinity) || 0);

/** The time from the mark before, as an interval: what this step alone took. Null where either has no time. */
export function sinceBefore(ordered: readonly Mark[], index: number): Interval | null {
  const at = ordered[index]?.at;
  const before = ordered[index - 1]?.at;
  if (!at || !before) return null;
  return { lowerMs: Math.max(0, at.lowerMs - before.upperMs), upperMs: Math.max(0, at.upperMs - before.lowerMs) };
}

/** The objective that a mark is held against, if any: detection has its own, and the recovery time ends at one of the marks. */
export function objectiveOf({ waterfall, recoveryTime, objectives }: Report, mark: Mark): number | null {
  if (mark.name === "detected") return objectives.detectionMs;
  const end = recoveryTime && waterfall.find(({ at }) => at?.upperMs === recoveryTime.upperMs);
  return end === mark ? objectives.recoveryTimeMs : null;
}

/** A step that a person's plan started: how long a person would have needed to notice is not in its figures. */
export const humanSteps = (report: Report): string[] =>
  report.steps.filter((step) => step.human).map((step) => step.name);

/** The outage as users saw it, in one sentence. */
export function usersWords({ requests, failed, outage, firstFailedMs }: Users): string {
  const share = requests === 0 ? 0 : (100 * failed) / requests;
  const head = `users saw ${grouped(failed)} of ${counted(requests, "request")} fail (${share.toFixed(1)} %)`;
  if (firstFailedMs === null) return `${head}, none of them since the fault`;
  return outage
    ? `${head}, for ${interval(outage)}`
    : `${head}, and no good answer that lasted by the end of the record`;
}
