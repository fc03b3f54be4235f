import type { PlannedStart } from "../plan.ts";
import { checkNames } from "./check-names.ts";
import { oneOf } from "./issues.ts";
import { type Path, valueAt } from "./path.ts";
import type { Policy } from "./policy.ts";
import { MISSING, shown } from "./problem.ts";
import type { ActDraft, Draft, StepDraft } from "./scenario.ts";
import { objectives } from "./shape.ts";
import type { Source } from "./source.ts";
import { StackView } from "./stack-view.ts";
import { judgeStep } from "./step-rules.ts";
import { component } from "./names.ts";
import { closest } from "./suggest.ts";
import { durationText } from "./units.ts";
import { judgeUses } from "./uses.ts";

/** Everything that each part alone cannot know: whether names stand for something, and whether the whole makes sense. */
export function judgeMeaning(source: Source, draft: Draft, policy: Policy): void {
  judgeObjectives(source, policy);
  judgeExpectation(source, draft);
  judgeOutcome(source, draft);
  judgeSteadyState(source, draft);
  judgeRepetitions(source);
  if (!draft.stack) return; // no name can be looked up
  const stack = new StackView(source, draft.stack);
  judgeUses(source, stack);
  judgeClients(source, draft, stack);
  judgeSteps(source, draft, stack);
  judgeChecks(source, "verify", draft.verify, checkNames(draft.stack));
  judgeChecks(source, "expectFailed", draft.expectFailed, checkNames(draft.stack));
}

function judgeObjectives(source: Source, policy: Policy): void {
  const { recoveryTimeMs, lostWrites, detectionMs } = policy.objectives;
  const limits = [
    ["recoveryTime", recoveryTimeMs, durationText(recoveryTimeMs)],
    ["lostWrites", lostWrites, String(lostWrites)],
    ["detection", detectionMs, durationText(detectionMs)],
  ] as const;
  for (const [key, limit, words] of limits) {
    const written = valueAt(source.data, ["objectives", key]);
    const asked = objectives.shape[key].safeParse(written).data; // one by one: its neighbour may be what is wrong
    if (asked === undefined || asked <= limit) continue;
    source.complain(["objectives", key], {
      found: `${String(written)}, looser than the policy ${policy.id}`,
      expected: `at most ${words}`,
      hint: "a scenario may only tighten an objective",
    });
  }
}

const DECLARATIONS = ["expectLoss", "expectMutated", "expectDuplicated", "expectPhantom", "expectFailed"] as const;

function judgeExpectation(source: Source, draft: Draft): void {
  const { expect, expectLoss, expectMutated, expectDuplicated, expectPhantom } = draft;
  const given = DECLARATIONS.filter((key) => valueAt(source.data, [key]) !== undefined);
  if (expect === "fail" && given.length === 0) {
    source.complain(["expectLoss"], {
      what: MISSING,
      expected: `what a drill with expect: fail must show: ${oneOf(DECLARATIONS)}, such as { min: 1, shape: suffix }`,
    });
  }
  for (const key of expect === "pass" ? given : []) {
    source.complain(
      [key],
      { what: `${key} is declared but expect is pass`, expected: `expect: fail, or no ${key}` },
      "key",
    );
  }
  for (const [key, bounds] of [
    ["expectLoss", expectLoss],
    ["expectMutated", expectMutated],
    ["expectDuplicated", expectDuplicated],
    ["expectPhantom", expectPhantom],
  ] as const) {
    if (bounds?.max !== undefined && bounds.max < bounds.min)
      source.complain([key, "max"], { found: String(bounds.max), expected: `at least the min of ${bounds.min}` });
  }
}

/** The class says what must come of it, so the two may not contradict each other. */
function judgeOutcome(source: Source, { expect, outcome, expectFailed }: Draft): void {
  if (!expect || !outcome) return;
  const lossy = outcome === "lossy" || outcome === "silent";
  // A control may fail something else than the loss: no write is lost, but it took too long to notice.
  const declaresLoss = expect === "fail" && (expectFailed ?? ["no-lost-writes"]).includes("no-lost-writes");
  if ((lossy && expect === "pass") || (outcome === "zero" && declaresLoss)) {
    source.complain(["outcome"], {
      found: `${outcome} with expect: ${expect}`,
      expected: lossy ? "expect: fail, for something must be found wrong" : "expect: pass",
    });
  }
}

function judgeSteadyState(source: Source, { steadyState }: Draft): void {
  if (!steadyState || steadyState.timeout > steadyState.hold) return;
  source.complain(["steadyState", "timeout"], {
    found: durationText(steadyState.timeout),
    expected: `longer than the hold of ${durationText(steadyState.hold)}`,
  });
}

/** Names that must differ, wherever a file can give one. */
function judgeRepetitions(source: Source): void {
  for (const path of [["covers"], ["controls"], ["verify"], ["expectFailed"]]) refuseRepetitions(source, path);
  for (const [list, key] of [
    ["workload", "name"],
    ["probes", "name"],
    ["steps", "as"],
  ] as const)
    refuseRepetitions(source, [list], key);
}

function refuseRepetitions(source: Source, path: Path, key?: string): void {
  const list = valueAt(source.data, path);
  const places = (Array.isArray(list) ? list : []).map((_, i) => [...path, i, ...(key === undefined ? [] : [key])]);
  const values = places.map((place) => valueAt(source.data, place));
  for (const [i, value] of values.entries()) {
    if (value === undefined || values.indexOf(value) === i) continue;
    source.complain(places[i]!, { found: `${shown(value)} a second time`, expected: "each name once" });
  }
}

/** Those who use the stack: workloads and probes. */
function judgeClients(source: Source, { workload, probes }: Draft, stack: StackView): void {
  for (const [i, { kind }] of (workload ?? []).entries()) {
    for (const [n, place] of targetPlaces(source, ["workload", i]).entries()) {
      const component = stack.component(valueAt(source.data, place) as string, place);
      if (!component?.kind || !kind) continue;
      const wanted = kind.wants?.[n];
      if (!component.kind.workloads.includes(kind.kind))
        source.complain(["workload", i, "kind"], {
          found: kind.kind,
          expected: `a workload for ${component.kind.kind}: ${oneOf(component.kind.workloads)}`,
        });
      else if (wanted !== undefined && component.kind.offers !== wanted)
        source.complain(place, {
          found: `${component.name}, which keeps ${component.kind.offers ?? "nothing of the sort"}`,
          expected: `a component that keeps ${wanted}`,
          hint: `${kind.kind} writes, in this order, to ${kind.wants?.join(", ")}`,
        });
    }
  }
  for (const [i, probe] of (probes ?? []).entries()) stack.component(probe.target, ["probes", i, "target"]);
  if (probes && !probes.some((p) => p.critical)) {
    source.complain(
      ["probes"],
      {
        what: "no probe is critical, so nothing could say when the recovery is over",
        expected: "at least one with critical: true",
      },
      "key",
    );
  }
}

/** Where a workload names the components it writes to; also when something else in it was refused. */
function targetPlaces(source: Source, path: Path): Path[] {
  const list = valueAt(source.data, [...path, "targets"]);
  const places = [[...path, "target"], ...(Array.isArray(list) ? list : []).map((_, i) => [...path, "targets", i])];
  return places.filter((place) => component.safeParse(valueAt(source.data, place)).success);
}

function judgeSteps(source: Source, { steps }: Draft, stack: StackView): void {
  for (const [i, step] of (steps ?? []).entries()) {
    const path = ["steps", i];
    const earlier = steps!.slice(0, i);
    if (step.does === "heal") judgeHeal(source, step.fault, [...path, "heal"], earlier);
    if (step.does !== undefined && step.does !== "heal") judgeAct(source, step, path, stack, earlier);
    if (step.start?.by === "detector") stack.component(step.start.probe, [...path, "when", "probe"]);
    if (step.does === "heal" && step.start?.by === "trigger") {
      source.complain([...path, "at", "on"], {
        what: "a heal step has no target whose events could start it",
        expected: "at: { after: … } or when",
      });
    }
  }
  if (steps && !steps.some((s) => s.does === "fault" || s.does === undefined)) {
    source.complain(
      ["steps"],
      { what: "no step breaks anything, so nothing would be proven", expected: "at least one fault" },
      "key",
    );
  }
}

function judgeAct(source: Source, step: ActDraft, path: Path, stack: StackView, earlier: readonly StepDraft[]): void {
  const target = step.target === undefined ? undefined : stack.target(step.target, [...path, "target"]);
  if (!target) return;
  const { kind } = target.component;
  if (kind && step.does === "recover" && step.kind && !kind.recoveries.includes(step.kind.name)) {
    source.complain([...path, "recover"], {
      found: step.kind.name,
      expected: `a recovery for ${kind.kind}: ${oneOf(kind.recoveries)}`,
    });
  }
  if (kind) judgeTrigger(source, step.start, kind.triggers, [...path, "at", "on"]);
  judgeStep({ source, stack, step, path, target, earlier });
}

function judgeTrigger(source: Source, start: PlannedStart | undefined, triggers: readonly string[], path: Path): void {
  if (start?.by !== "trigger" || triggers.includes(start.on)) return;
  const expected =
    triggers.length > 0
      ? `an event of the target: ${oneOf(triggers)}`
      : "at: { after: … }, for the target has no events";
  source.complain(path, { found: shown(start.on), expected, meant: closest(start.on, triggers) });
}

function judgeHeal(source: Source, fault: string | undefined, path: Path, earlier: readonly StepDraft[]): void {
  if (fault === undefined) return;
  const faults = earlier.filter((s) => s.does === "fault").map((s) => String(s.name));
  if (!faults.includes(fault)) {
    const expected =
      faults.length > 0 ? `an earlier fault step: ${oneOf(faults)}` : "an earlier fault step, and there is none";
    source.complain(path, { found: shown(fault), expected, meant: closest(fault, faults) });
  } else if (earlier.some((s) => s.does === "heal" && s.fault === fault)) {
    source.complain(path, { found: `${fault}, which is healed already`, expected: "each fault healed once" });
  }
}

function judgeChecks(
  source: Source,
  key: string,
  checks: readonly string[] | undefined,
  names: readonly string[],
): void {
  for (const [i, check] of (checks ?? []).entries()) {
    if (names.includes(check)) continue;
    source.complain([key, i], { found: shown(check), expected: oneOf(names), meant: closest(check, names) });
  }
}
