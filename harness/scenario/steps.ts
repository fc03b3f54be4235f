import type { z } from "zod";
import { faultKinds } from "../faults.ts";
import type { PlannedStart } from "../plan.ts";
import { recoveryKinds } from "../recoveries.ts";
import { routineKinds } from "../routines.ts";
import { isMapping, type Mapping, type Path, valueAt } from "./path.ts";
import { shown } from "./problem.ts";
import { read, readKind, readList, readMapping, readRest, refuseUnknownKeys } from "./reader.ts";
import type { StepDraft } from "./scenario.ts";
import { detectorStart, healed, actKeys, stepKeys, stepTarget, timeStart, triggerStart } from "./shape.ts";
import type { Source } from "./source.ts";
import { closest } from "./suggest.ts";

const DEEDS = ["fault", "recover", "routine", "heal"] as const;
type Deed = (typeof DEEDS)[number];

const STARTS = ["at", "when"] as const;
const HEAL_KEYS = [...STARTS, ...Object.keys(stepKeys)];
const ACT_KEYS = ["target", ...HEAL_KEYS];

/** The steps, each read by the one key that says what it does. */
export function readSteps(source: Source): StepDraft[] | undefined {
  const list = readList(source, ["steps"], "a list of at least one step");
  const taken = new Set(list?.map((_, i) => valueAt(source.data, ["steps", i, "as"])));
  const nameFor = (wanted: string): string => {
    let free = wanted;
    for (let n = 2; taken.has(free); n++) free = `${wanted}-${n}`;
    taken.add(free);
    return free;
  };
  return list?.map((_, i) => readStep(source, ["steps", i], nameFor));
}

function readStep(source: Source, path: Path, nameFor: (wanted: string) => string): StepDraft {
  const nothing = { does: undefined, name: undefined, start: undefined };
  const step = readMapping(source, path, "a map with fault, recover, routine or heal");
  const does = step && readDeed(source, path, step);
  if (!does) return nothing;
  const given = read(source, stepKeys.as, [...path, "as"]);
  const start = readStart(source, path, step);
  if (does === "heal") {
    refuseUnknownKeys(source, path, ["heal", ...HEAL_KEYS]);
    const fault = read(source, healed, [...path, "heal"]);
    return { does, name: given ?? nameFor(`heal-${fault ?? "fault"}`), start, fault };
  }
  const common = {
    name: given ?? nameFor(String(step[does])),
    start,
    target: read(source, stepTarget, [...path, "target"]),
  };
  const withoutParams = [does, ...ACT_KEYS, ...(does === "fault" ? [] : Object.keys(actKeys))];
  if (does === "fault") {
    const kind = readKind(source, [...path, does], faultKinds, (k) => k.name);
    return { does, ...common, kind, params: kind && readParams(source, kind.params, path, withoutParams) };
  }
  const ending = readEnding(source, path);
  if (does === "routine") {
    const kind = readKind(source, [...path, does], routineKinds, (k) => k.name);
    return { does, ...common, kind, params: kind && readParams(source, kind.params, path, withoutParams), ...ending };
  }
  const kind = readKind(source, [...path, does], recoveryKinds, (k) => k.name);
  return { does, ...common, kind, params: kind && readParams(source, kind.params, path, withoutParams), ...ending };
}

/** How the act must end, and why where it must be refused. */
function readEnding(source: Source, path: Path) {
  const expect = read(source, actKeys.expect, [...path, "expect"]);
  const because = read(source, actKeys.because, [...path, "because"]);
  if (because !== undefined && expect === "success")
    source.complain([...path, "because"], {
      what: "a reason for a refusal that nobody expects",
      expected: "expect: refused",
    });
  return { expect, because };
}

const readParams = (source: Source, params: z.ZodType, path: Path, without: readonly string[]) =>
  readRest(source, params, path, without) as Record<string, unknown> | undefined;

/** The one key that says what a step does. */
function readDeed(source: Source, path: Path, step: Mapping): Deed | undefined {
  const deeds = DEEDS.filter((deed) => Object.hasOwn(step, deed));
  if (deeds.length === 1) return deeds[0];
  const expected = `exactly one of ${DEEDS.join(", ")}`;
  if (deeds.length > 1) source.complain([...path, deeds[1]!], { found: deeds.join(" and "), expected }, "key");
  else {
    const meant = Object.keys(step).find((key) => closest(key, DEEDS));
    source.complain(
      meant === undefined ? path : [...path, meant],
      { what: "a step that does nothing", expected, meant: closest(meant, DEEDS) },
      "key",
    );
  }
  return undefined;
}

/** `at: {after}`, `at: {on}` or `when: {probe}`; at once when there is none of them. */
function readStart(source: Source, path: Path, step: Mapping): PlannedStart | undefined {
  if (step["at"] !== undefined && step["when"] !== undefined) {
    source.complain([...path, "when"], { found: "at and when", expected: "one of them" }, "key");
    return undefined;
  }
  if (step["when"] !== undefined) {
    const detector = read(source, detectorStart, [...path, "when"]);
    return (
      detector && {
        by: "detector",
        probe: detector.probe,
        fails: detector.fails,
        everyMs: detector.every,
        timeoutMs: detector.timeout,
      }
    );
  }
  const at = step["at"] ?? { after: "0s" };
  return isMapping(at)
    ? readPlannedStart(source, [...path, "at"], at)
    : source.complain([...path, "at"], { found: shown(at), expected: "a map with after or on" });
}

function readPlannedStart(source: Source, path: Path, at: Mapping): PlannedStart | undefined {
  if (at["on"] !== undefined && at["after"] !== undefined) {
    return source.complain([...path, "on"], { found: "after and on", expected: "one of them" }, "key");
  }
  if (at["on"] !== undefined) {
    const trigger = read(source, triggerStart, path);
    return trigger && { by: "trigger", on: trigger.on };
  }
  if (valueAt(source.data, path) === undefined) return { by: "time", afterMs: 0, jitterMs: 0 };
  const time = read(source, timeStart, path);
  return time && { by: "time", afterMs: time.after, jitterMs: time.jitter };
}
