import type { Checker } from "../checker.ts";
import { finding } from "../checkers/findings.ts";
import { lossOf } from "../checkers/loss.ts";
import { checkers as all } from "../checkers.ts";
import { messageOf } from "../errors.ts";
import type { History } from "../history.ts";
import { counted, grouped } from "../text.ts";
import { EXIT, type ExitCode, type Finding, type Verdict, worst } from "../verdict.ts";

export interface Judgement {
  readonly verdict: Verdict;
  readonly exitCode: ExitCode;
  readonly reasons: readonly Finding[];
}

/** The check whose counts a control declares. */
const LOSS = "no-lost-writes";

/**
 * Every checker that applies, and what the verdict is with them: fail beats unknown beats pass. Nothing is proven by a record
 * with defects, so what would be a fail there is unknown too.
 */
export function judge(history: History, checkers: readonly Checker[] = all): Judgement {
  const found = [
    ...named(history, checkers).map((checker) => run(checker, history)),
    ...unknownNames(history, checkers),
  ];
  const whole = history.defects.length === 0 ? found : found.map(unproven);
  const reasons = history.plan.expect.verdict === "fail" ? [declared(history, whole), ...whole] : whole;
  const verdict = worst(reasons.map((f) => f.verdict));
  return { verdict, exitCode: exitCodeFor(history, reasons, verdict), reasons };
}

const named = ({ plan }: History, checkers: readonly Checker[]): Checker[] =>
  checkers.filter(({ name, always }) => always || plan.verify.includes(name));

const unknownNames = ({ plan }: History, checkers: readonly Checker[]): Finding[] =>
  plan.verify
    .filter((name) => !checkers.some((checker) => checker.name === name))
    .map((check) => ({
      check,
      verdict: "unknown",
      detail: `there is no check called ${check}`,
      evidence: ["raw/plan.json"],
    }));

/** A checker that breaks has proven nothing. */
function run(checker: Checker, history: History): Finding {
  try {
    return checker.check(history);
  } catch (thrown) {
    return {
      check: checker.name,
      verdict: "unknown",
      detail: `the check itself broke: ${messageOf(thrown)}`,
      evidence: [],
    };
  }
}

const unproven = (found: Finding): Finding =>
  found.verdict === "fail"
    ? { ...found, verdict: "unknown", detail: `not proven, for the record has defects: ${found.detail}` }
    : found;

/**
 * A control must show what it declares and nothing else may be wrong: else the drill, or a detector, does not bite. Every check
 * that it names must fail, no other may, and what is counted must lie in the declared bounds.
 */
function declared(history: History, findings: readonly Finding[]): Finding {
  const say = finding("declared-loss", ["raw/plan.json", "raw/recovered.jsonl"]);
  const wanted = history.plan.expect.failed;
  const unknown = findings.filter((f) => f.verdict === "unknown");
  if (unknown.length > 0)
    return say("unknown", `whether it shows what it declares is not proven: ${unknown.map((f) => f.check).join(", ")}`);
  const failed = findings.filter((f) => f.verdict === "fail").map((f) => f.check);
  const others = failed.filter((check) => !wanted.includes(check));
  if (others.length > 0)
    return say("fail", `a control may only fail ${wanted.join(", ")}, but it also failed ${others.join(", ")}`);
  const mismatch = wanted.includes(LOSS) ? lossMismatch(history) : null;
  if (mismatch !== null) return say("fail", mismatch);
  const silent = wanted.filter((check) => !failed.includes(check));
  if (silent.length > 0)
    return say(
      "fail",
      `${silent.join(", ")} did not fail: the fault does not bite, or the check is blind, or it is not named in verify`,
    );
  return say("pass", "it shows what it declares, and nothing else is wrong");
}

/** How what was lost, mutated, duplicated or is phantom differs from what is declared, null when it does not. */
function lossMismatch(history: History): string | null {
  const reading = lossOf(history);
  if (!reading) return "nothing was read back";
  const { lost, mutated, duplicated, phantom } = history.plan.expect;
  const other = mutated ?? duplicated ?? phantom;
  const { count, shape: found } = reading.loss;
  if (count === 0 && (lost || !other))
    return "a lossy control that lost nothing is a failed drill: its fault does not bite, or its checks are blind";
  const strange = (["phantom", "resurrected", "duplicated", "mutated", "stale"] as const).filter(
    (kind) => reading[kind] > 0 && !(kind in history.plan.expect),
  );
  if (strange.length > 0) return `a lossy control may only lose writes, but some are ${strange.join(", ")}`;
  return (
    outside(["write", "lost"], count, lost ?? (other ? { min: 0, max: 0 } : { min: 1 })) ??
    (mutated ? outside(["element", "mutated"], reading.mutated, mutated) : null) ??
    (duplicated ? outside(["operation", "duplicated"], reading.duplicated, duplicated) : null) ??
    (phantom ? outside(["element", "phantom"], reading.phantom, phantom) : null) ??
    (lost?.shape !== undefined && found !== lost.shape ? `the loss is a ${found}, declared is a ${lost.shape}` : null)
  );
}

function outside(
  [what, wrong]: readonly [string, string],
  count: number,
  { min, max = Infinity }: { min: number; max?: number },
): string | null {
  if (count >= min && count <= max) return null;
  const bounds = max === Infinity ? `${grouped(min)} or more` : `${grouped(min)} to ${grouped(max)}`;
  return `${counted(count, `${what} is`, `${what}s are`)} ${wrong}, declared are ${bounds}`;
}

function exitCodeFor(history: History, reasons: readonly Finding[], verdict: Verdict): ExitCode {
  if (verdict === "unknown") return EXIT.inconclusive;
  if (history.plan.expect.verdict === "pass") return verdict === "pass" ? EXIT.met : EXIT.missed;
  const shown = reasons.find((f) => f.check === "declared-loss")?.verdict;
  return shown === "pass" ? EXIT.met : shown === "unknown" ? EXIT.inconclusive : EXIT.missed;
}
