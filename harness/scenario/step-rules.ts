import type { Filesystem } from "../fault.ts";
import { type DamageParams, damageProblems } from "../faults/damages.ts";
import type { ActDraft, StepDraft } from "./scenario.ts";
import { oneOf } from "./issues.ts";
import type { Path } from "./path.ts";
import { shown } from "./problem.ts";
import type { Source } from "./source.ts";
import type { StackView, Target } from "./stack-view.ts";
import { judgeRestore } from "./restore-rules.ts";
import { closest } from "./suggest.ts";

/** What a step means beyond its schema: rules that need the stack or the steps before it. */
export interface StepContext {
  readonly source: Source;
  readonly stack: StackView;
  readonly step: ActDraft;
  readonly path: Path;
  readonly target: Target;
  readonly earlier: readonly StepDraft[];
}

type Rule = (context: StepContext) => void;

const peersExist: Rule = ({ source, stack, step, path, target }) => {
  const known = ["clients", ...stack.nodes.map((n) => n.name).filter((n) => n !== target.node?.name)];
  for (const [i, peer] of ((step.params?.["peers"] ?? []) as string[]).entries()) {
    const refused = stack.components.some((c) => !c.nodes && peer.startsWith(`${c.name}.`));
    if (known.includes(peer) || refused) continue;
    source.complain([...path, "peers", i], {
      found: shown(peer),
      expected: `another node or clients: ${oneOf(known)}`,
      meant: closest(peer, known),
    });
  }
};

/** Whether the step made the node one that follows another. */
const follows =
  (node: string) =>
  (step: StepDraft): boolean =>
    step.does === "recover" && step.kind?.name === "rejoin" && step.target === node;

const promotesAStandby: Rule = ({ source, stack, path, target: { component, node }, earlier }) => {
  if (node?.role !== "primary" || earlier.some(follows(node.name))) return;
  const standbys = stack.nodes.filter((n) => n.component === component.name && n.role !== "primary").map((n) => n.name);
  source.complain([...path, "target"], {
    found: `${node.name}, which is the primary already`,
    expected: standbys.length > 0 ? `a standby: ${oneOf(standbys)}` : `a standby, and ${component.name} has none`,
  });
};

const isALogicalStandby: Rule = ({ source, stack, path, target: { component, node } }) => {
  if (!node || node.role.startsWith("logical")) return;
  const known = stack.nodes.filter((n) => n.component === component.name && n.role.startsWith("logical"));
  source.complain([...path, "target"], {
    found: `${node.name}, a ${node.role}`,
    expected: `a logical standby: ${oneOf(known.map((n) => n.name))}`,
  });
};

const hasADisk: Rule = ({ source, path, target: { node }, earlier }) => {
  const lost = earlier.find(
    (s) => s.does === "fault" && node && s.target === node.name && s.params?.["disk"] === "lost",
  );
  if (lost)
    source.complain([...path, "target"], {
      what: `${node?.name} lost its disk in ${lost.name}: nothing is left to start`,
      hint: "say disk: kept there",
    });
};

const repairIsKnown: Rule = ({ source, step, path, target: { component } }) => {
  const method = step.params?.["method"];
  if (typeof method !== "string" || !component.kind || component.config === undefined) return;
  const known = component.kind.repairs?.(component.config) ?? [];
  if (known.includes(method)) return;
  source.complain([...path, "method"], {
    found: shown(method),
    expected:
      known.length > 0
        ? `one of ${known.join(", ")}`
        : `a repair, and ${component.name} knows none as it is configured`,
    meant: closest(method, known),
  });
};

/** What is damaged must be said once, in words that the component knows, and every key must mean something for that damage. */
const damageMakesSense: Rule = ({ source, step, path, target: { component } }) => {
  if (!step.params) return;
  const wanted = step.params as DamageParams;
  for (const { key, what, hint } of damageProblems(wanted)) source.complain([...path, key], { what, hint });
  const known = Object.keys(component.kind?.places ?? {});
  for (const key of ["place", "withPlace"] as const) {
    const word = wanted[key]?.what;
    if (word === undefined || !component.kind || known.includes(word)) continue;
    source.complain([...path, key, "what"], {
      found: shown(word),
      expected: known.length > 0 ? oneOf(known) : `path, for ${component.name} knows no places on its disk`,
      meant: closest(word, known),
    });
  }
};

/** Stores are compared with each other: the record alone has nothing to agree with. */
const hasAnotherStore: Rule = ({ source, stack, step, path, target: { component } }) => {
  const name = step.kind?.name ?? "";
  const others = stack.components.filter((c) => c !== component && (!c.kind || c.kind.recoveries.includes(name)));
  if (others.length > 0) return;
  source.complain([...path, "target"], {
    what: `${component.name} is the only store that can be compared: there is nothing to make it agree with`,
    hint: "add another store to the stack, and a workload of kind orders that writes to both",
  });
};

/** Disks are made before the drill: two faults that need one to be something cannot need different things. */
const agreesOnTheDisk: Rule = ({ source, step, path, target: { node }, earlier }) => {
  const wanted = filesystemOf(step);
  if (!node || !wanted) return;
  for (const before of earlier) {
    const other = before.does === "fault" && before.target === node.name ? filesystemOf(before) : undefined;
    if (!other || other === wanted) continue;
    source.complain([...path, "target"], {
      what: `${node.name} has one disk, and it is ${other} in ${before.name} and ${wanted} here`,
      hint: "name one filesystem",
    });
    return;
  }
};

function filesystemOf({ does, kind, params }: ActDraft): Filesystem | undefined {
  return does === "fault" && kind && params ? kind.filesystem?.(params) : undefined;
}

/** History that goes astray goes into the place of somebody who is there. */
const leadsSomewhere: Rule = ({ stack, step, path }) => {
  const into = step.params?.["into"];
  if (typeof into === "string") stack.component(into, [...path, "into"]);
};

/** By what the step does and its kind. */
const rules: Readonly<Record<string, Rule>> = {
  "fault partition": peersExist,
  "fault file-damage": damageMakesSense,
  "fault archiving-fault": leadsSomewhere,
  "recover promote": promotesAStandby,
  "recover follow": isALogicalStandby,
  "recover start": hasADisk,
  "recover repair": repairIsKnown,
  "recover reconcile": hasAnotherStore,
  "recover restore": (context) => (hasADisk(context), judgeRestore(context)),
  "recover rejoin": hasADisk,
};

/** Judges a step whose target exists. */
export function judgeStep(context: StepContext): void {
  const { source, step, path, target } = context;
  if (!step.kind) return;
  const wanted = wantedTarget(step);
  if (wanted === "node" && !target.node) {
    const nodes = context.stack.nodes.filter((n) => n.component === target.component.name).map((n) => n.name);
    source.complain([...path, "target"], {
      found: `${target.component.name}, a whole component`,
      expected: nodes.length > 0 ? `a node: ${oneOf(nodes)}` : "a node",
    });
  } else if (wanted === "component" && target.node) {
    source.complain([...path, "target"], {
      found: `${target.node.name}, a single node`,
      expected: `the component ${target.component.name}: ${step.kind.name} acts on its clients' path`,
    });
  } else {
    rules[`${step.does} ${step.kind.name}`]?.(context);
    agreesOnTheDisk(context);
  }
}

/** A script on the host may serve a node or a component; everything else says what it acts on. */
function wantedTarget({ kind, params }: ActDraft): "node" | "component" | "either" {
  if (!kind || (kind.name === "exec" && params?.["in"] !== "node")) return "either";
  return kind.target;
}
