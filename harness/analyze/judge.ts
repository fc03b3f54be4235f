import type { Checker } from "../checker.ts";
import { finding } from "../checkers/findings.ts";
import { lossOf } from "../checkers/loss.ts";
import { checkers as all } from "../checkers.ts";
import { messageOf } from "../errors.ts";
import type { History } from "../history.ts";
import { grouped } from "../text.ts";
import { EXIT, type ExitCode, type Finding, type Verdict, worst } from "../verdict.ts";

export interface Judgement {
  readonly verdict: Verdict;
  readonly exitCode: ExitCode;
  readonly reasons: readonly Finding[];
}

/** The one check that a lossy control is there to fail. */
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
  const reasons = history.plan.expect.verdict === "fail" ? [declaredLoss(history, whole), ...whole] : whole;
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

/** A lossy control must lose what it declares and nothing else may be wrong: else the drill, or a detector, does not bite. */
function declaredLoss(history: History, findings: readonly Finding[]): Finding {
  const say = finding("declared-loss", ["raw/plan.json", "raw/recovered.jsonl"]);
  const unknown = findings.filter((f) => f.verdict === "unknown");
  if (unknown.length > 0)
    return say("unknown", `whether it lost what it declares is not proven: ${unknown.map((f) => f.check).join(", ")}`);
  const others = findings.filter((f) => f.verdict === "fail" && f.check !== LOSS);
  if (others.length > 0)
    return say(
      "fail",
      `a lossy control may only lose writes, but it also failed ${others.map((f) => f.check).join(", ")}`,
    );
  const mismatch = lossMismatch(history);
  if (mismatch !== null) return say("fail", mismatch);
  if (findings.every((f) => f.verdict === "pass"))
    return say(
      "fail",
      `nothing failed: a lossy control must name ${LOSS} in verify, with an objective that its loss exceeds`,
    );
  return say("pass", "it lost what it declares, and nothing else is wrong");
}

/** How the loss differs from the declared one, null when it does not. */
function lossMismatch(history: History): string | null {
  const reading = lossOf(history);
  if (!reading) return "nothing was read back";
  const { min = 1, max = Infinity, shape } = history.plan.expect.lost ?? {};
  const { count, shape: found } = reading.loss;
  if (count === 0)
    return "a lossy control that lost nothing is a failed drill: its fault does not bite, or its checks are blind";
  const strange = (["phantom", "resurrected", "duplicated", "mutated", "stale"] as const).filter(
    (kind) => reading[kind] > 0,
  );
  if (strange.length > 0) return `a lossy control may only lose writes, but some are ${strange.join(", ")}`;
  const most = max === Infinity ? "" : ` to ${grouped(max)}`;
  if (count < min || count > max)
    return `${grouped(count)} writes are lost, declared are ${grouped(min)}${most || " or more"}`;
  return shape !== undefined && found !== shape ? `the loss is a ${found}, declared is a ${shape}` : null;
}

function exitCodeFor(history: History, reasons: readonly Finding[], verdict: Verdict): ExitCode {
  if (verdict === "unknown") return EXIT.inconclusive;
  if (history.plan.expect.verdict === "pass") return verdict === "pass" ? EXIT.met : EXIT.missed;
  const declared = reasons.find((f) => f.check === "declared-loss")?.verdict;
  return declared === "pass" ? EXIT.met : declared === "unknown" ? EXIT.inconclusive : EXIT.missed;
}
