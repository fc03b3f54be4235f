import type { ComponentKind, NodeSpec } from "../component.ts";
import { componentKinds } from "../components.ts";
import { workloadKinds } from "../workloads.ts";
import { choicesOf } from "./choices.ts";
import { type Mapping, valueAt } from "./path.ts";
import { read, readKind, readList, readMapping, readRest, refuseUnknownKeys } from "./reader.ts";
import type { Draft, StackDraft, WorkloadDraft } from "./scenario.ts";
import { name, plainKeys, workloadKeys } from "./shape.ts";
import type { Source } from "./source.ts";
import { readSteps } from "./steps.ts";

const KEYS = [...Object.keys(plainKeys), "stack", "workload", "steps"];

/** Everything in the file that fits its schema; of the rest the source has been told. */
export function readDraft(source: Source): Draft {
  const whole = readMapping(source, [], "a map with id, title, stack, workload, steps, verify and expect");
  if (!whole) return NOTHING;
  refuseUnknownKeys(source, [], KEYS);
  const plain = Object.entries(plainKeys).map(([key, schema]) => [key, read(source, schema, [key])] as const);
  return {
    ...(Object.fromEntries(plain) as Omit<Draft, "stack" | "workload" | "steps">),
    stack: readStack(source),
    workload: readWorkload(source),
    steps: readSteps(source),
  };
}

const NOTHING = Object.fromEntries(KEYS.map((key) => [key, undefined])) as Draft;

function readStack(source: Source): StackDraft[] | undefined {
  const stack = readMapping(source, ["stack"], `a map of components, such as db: { kind: ${componentKinds[0]?.kind} }`);
  if (stack && Object.keys(stack).length === 0)
    source.complain(["stack"], { found: "no component", expected: "at least one" });
  return stack && Object.keys(stack).map((component) => readComponent(source, component));
}

function readComponent(source: Source, component: string): StackDraft {
  const path = ["stack", component];
  const named = name.safeParse(component);
  if (!named.success)
    source.complain(
      path,
      { what: "this name", expected: named.error.issues[0]!.message.replace(/^expected /, "") },
      "key",
    );
  const nothing = { name: component, kind: undefined, choices: undefined, config: undefined, nodes: undefined };
  if (!readMapping(source, path, "a map with a kind")) return nothing;
  const kind = readKind(source, [...path, "kind"], componentKinds, (k) => k.kind);
  if (!kind) return nothing;
  const config = readRest(source, kind.config, path, ["kind"]);
  if (config === undefined)
    return { ...nothing, kind, nodes: nodesDespite(kind, valueAt(source.data, path) as Mapping) };
  const choices = choicesOf(source, kind, config, path);
  return { name: component, kind, choices, config: choices[0]?.config, nodes: choices[0]?.nodes };
}

/**
 * The nodes of a component whose config has problems, so that steps can still be judged, or undefined when the problem may
 * hide a node: only a refused text or number beside the lists is sure not to.
 */
function nodesDespite(kind: ComponentKind, component: Mapping): NodeSpec[] | undefined {
  const config = Object.fromEntries(Object.entries(component).filter(([key]) => key !== "kind"));
  const isPlain = (key: string) => typeof config[key] !== "object" && config[key] !== undefined;
  const harmless = new Set<string>();
  for (const issue of kind.config.safeParse(config).error?.issues ?? []) {
    const keys = issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [String(issue.path[0])];
    const wantedMany = issue.code === "invalid_type" && ["array", "object", "record"].includes(issue.expected);
    if (wantedMany || !keys.every(isPlain)) return undefined;
    for (const key of keys) harmless.add(key);
  }
  const rest = Object.fromEntries(Object.entries(config).filter(([key]) => !harmless.has(key)));
  const fitting = kind.config.safeParse(rest);
  return fitting.success ? kind.nodes(fitting.data) : undefined;
}

function readWorkload(source: Source): WorkloadDraft[] | undefined {
  const list = readList(source, ["workload"], "a list of at least one workload");
  return list?.map((_, i) => {
    const path = ["workload", i];
    const nothing = { name: undefined, kind: undefined, config: undefined };
    if (!readMapping(source, path, "a map with a kind and a target")) return nothing;
    const kind = readKind(source, [...path, "kind"], workloadKinds, (k) => k.kind);
    return {
      name: read(source, workloadKeys.name, [...path, "name"]),
      kind,
      config: kind && readRest(source, kind.config, path, ["kind", ...Object.keys(workloadKeys)]),
    };
  });
}
