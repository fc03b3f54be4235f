/** What every view says of the selftest on record: one line, and what of it a reader must not overlook. */
import type { Report, SelftestOnRecord } from "../report.ts";
import { counted, grouped } from "../text.ts";
import type { Tone } from "./words.ts";

/** Enough to see where it is; the statement in the pack has every one. */
const NAMED = 3;
const DIGITS = 8;
/** Of why a drill was not run: it may be what an engine or a registry said. */
const MOST_LETTERS = 160;

const short = (digest: string): string => `${digest.slice(0, DIGITS)}…`;

/** Enough to know what was missing. */
export const whyNot = (why: string): string => (why.length > MOST_LETTERS ? `${why.slice(0, MOST_LETTERS)}…` : why);

/** `selftest 3f9a01c2… passed 42 minutes before this drill with the same evaluator (113 planted, 3 real)`. */
export function selftestLine({ selftest }: Report): { tone: Tone; text: string } {
  if (selftest === null)
    return { tone: "unknown", text: "no selftest on record for this evaluator: run blackstart selftest" };
  const { sha256, ok, sameEvaluator } = selftest;
  const whose = sameEvaluator
    ? "the same evaluator"
    : `another evaluator (${short(selftest.evaluatorSha256)}), so it says nothing of this one`;
  const head = `selftest ${short(sha256)} ${ok ? "passed" : "failed"} ${ageOf(selftest)} with ${whose} (${countsOf(selftest)})`;
  return {
    tone: !ok ? "fail" : sameEvaluator && selftest.ageMinutes !== null ? "pass" : "unknown",
    text: ok ? head : `${head}: ${failedOf(selftest)}`,
  };
}

/** A deviation where the line is no good news; null where the selftest passed, before the drill and with its evaluator. */
export function selftestDeviation(report: Report): string | null {
  const { tone, text } = selftestLine(report);
  return tone === "pass" ? null : `What the checkers are worth is not shown: ${text}`;
}

/** A banner for the one case in which the verdict above must not be believed as it stands. */
export function selftestBanner({ selftest }: Report): { title: string; text: string } | null {
  if (selftest === null || selftest.ok || !selftest.sameEvaluator) return null;
  return {
    title: "The selftest of this evaluator failed",
    text: `It did not find what was planted for it: ${failedOf(selftest)}. The verdict is what it says all the same.`,
  };
}

function ageOf({ ageMinutes }: SelftestOnRecord): string {
  if (ageMinutes === null) return "at a time that its clock puts after this drill, so of unknown age,";
  if (ageMinutes < 1) return "less than a minute before this drill";
  const of = (n: number, unit: string): string => `${counted(n, unit)} before this drill`;
  if (ageMinutes < 120) return of(ageMinutes, "minute");
  const hours = Math.floor(ageMinutes / 60);
  return hours < 48 ? of(hours, "hour") : of(Math.floor(hours / 24), "day");
}

/** Not all of them where some did not come out as they must. */
const share = (count: number, failed: number): string =>
  failed === 0 ? grouped(count) : `${grouped(count - failed)} of ${grouped(count)}`;

function countsOf({ planted, real }: SelftestOnRecord): string {
  const head = `${share(planted.count, planted.failed.length)} planted`;
  const ran = real.count > 0 ? `${head}, ${share(real.count, real.failed.length)} real` : head;
  if (real.notRun.length === 0) return real.count > 0 ? ran : `${head}; real controls: not run`;
  const reasons = [...new Set(real.notRun.map(({ why }) => why))];
  if (real.count === 0 && reasons.length === 1) return `${head}; real controls: not run (${whyNot(reasons[0]!)})`;
  return `${ran}; not run: ${real.notRun.map(({ control, why }) => `${control} (${whyNot(why)})`).join(", ")}`;
}

function failedOf({ planted, real }: SelftestOnRecord): string {
  const all = [...planted.failed, ...real.failed];
  const more = all.length > NAMED ? `; and ${grouped(all.length - NAMED)} more` : "";
  return `${all.slice(0, NAMED).join("; ")}${more}`;
}
