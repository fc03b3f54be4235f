import { oneOf } from "./issues.ts";
import { shown } from "./problem.ts";
import type { StepContext } from "./step-rules.ts";
import { closest } from "./suggest.ts";

/** Noted before the first backup is taken, so that no backup reaches back to it. */
const BEFORE_BACKUPS = "before-backups";

/** Steps that leave a point behind by their own name. */
const NOTES_A_POINT = ["routine restore-point", "fault mistake"];

/** A restore can only end where somebody noted a point, and only takes an archive that there is. */
export function judgeRestore(context: StepContext): void {
  judgePoint(context);
  judgeEnd(context);
  judgeSource(context);
  judgeStages(context);
}

function judgePoint({ source, step, path, target: { component }, earlier }: StepContext): void {
  const { to, point, checked } = (step.params ?? {}) as { to?: string; point?: string; checked?: boolean };
  if (to === undefined) return;
  // Only a restore point has a name of its own in history.
  const noting = to === "name" ? NOTES_A_POINT.slice(0, 1) : NOTES_A_POINT;
  const noted = earlier.flatMap((s) =>
    s.does !== undefined &&
    s.does !== "heal" &&
    noting.includes(`${s.does} ${s.kind?.name}`) &&
    s.target === component.name
      ? [String(s.name)]
      : [],
  );
  const known = [...noted, BEFORE_BACKUPS, ...(to === "time" ? ["now"] : [])];
  if (to === "latest" || to === "immediate") {
    if (point !== undefined)
      source.complain([...path, "point"], {
        found: `${shown(point)} with to: ${to}, which ends where there is no more`,
        expected: "to: lsn, name, time or xid, or no point",
      });
  } else if (point === undefined) {
    if (to !== "time") source.complain([...path, "to"], { found: to, expected: `a point beside it: ${oneOf(known)}` });
  } else if (!known.includes(point)) {
    source.complain([...path, "point"], {
      found: shown(point),
      expected: `the name of an earlier step that noted a point: ${oneOf(known)}`,
      meant: closest(point, known),
    });
  } else if (point === BEFORE_BACKUPS && checked !== false && "expect" in step && step.expect === "success") {
    source.complain([...path, "point"], {
      what: `${point} lies before the end of the oldest backup, and such a restore is refused`,
      hint: "say expect: refused, or checked: false for what the server does when nobody checks",
    });
  }
}

/** Without a target there is nothing to pause at: the server promotes itself at the end of history. */
function judgeEnd({ source, step, path }: StepContext): void {
  const { to, onEnd } = step.params ?? {};
  if (onEnd === "follow" && to !== "latest")
    source.complain([...path, "onEnd"], {
      found: `follow with to: ${String(to)}, and who follows has no end`,
      expected: "to: latest",
    });
  if (to === "latest" && onEnd === "pause")
    source.complain([...path, "onEnd"], {
      found: "pause with to: latest, where a server never pauses",
      expected: "promote",
    });
}

function judgeSource({ source, stack, step, path }: StepContext): void {
  const from = step.params?.["from"];
  if (typeof from !== "string") return;
  const { kind, config } = stack.component(from, [...path, "from"]) ?? {};
  if (kind && config !== undefined && !kind.capabilities?.(config).includes("archive"))
    source.complain([...path, "from"], { found: `${from}, which keeps no archive`, expected: "a component with one" });
}

/** What is gone on with has to have been begun, and what is taken out of safe keeping put into it. */
function judgeStages({ source, step, path, target: { component }, earlier }: StepContext): void {
  const { stage, access } = step.params ?? {};
  const begun = earlier.some(
    (s) =>
      s.does === "recover" && s.kind?.name === "restore" && s.target === step.target && s.params?.["stage"] === "base",
  );
  if (stage === "history" && !begun)
    source.complain([...path, "stage"], {
      found: "history, and nothing before it has restored the base of this node",
      expected: "an earlier restore of the same node with stage: base",
    });
  const kept = earlier.some((s) => s.does === "routine" && s.kind?.name === "escrow" && s.target === component.name);
  if (access === "escrow" && !kept)
    source.complain([...path, "access"], {
      found: "escrow, and nothing was put into safe keeping before",
      expected: `an earlier routine: escrow of ${component.name}`,
    });
}
