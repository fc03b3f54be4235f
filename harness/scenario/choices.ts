import type { ComponentKind, NodeSpec } from "../component.ts";
import type { Path } from "./path.ts";
import type { ActDraft, Draft, StackDraft } from "./scenario.ts";
import type { Source } from "./source.ts";

/** One thing that a component may turn out to be. `name` is null where its kind leaves nothing open. */
export interface Choice {
  readonly name: string | null;
  readonly config: unknown;
  readonly nodes: readonly NodeSpec[];
}

/** What a sound config may stand for, the preferred first; complains when there is nothing that could stand behind it. */
export function choicesOf(source: Source, kind: ComponentKind, config: unknown, path: Path): Choice[] {
  const open = kind.choices?.(config) ?? [{ name: null, config }];
  const sound = open.filter((choice) => kind.problems(choice.config).length === 0);
  if (sound.length === 0)
    for (const { path: inner, message, hint } of kind.problems(open[0]?.config ?? config))
      source.complain([...path, ...inner], { what: message, hint });
  return (sound.length > 0 ? sound : open.slice(0, 1)).map((choice) => ({
    name: choice.name,
    config: choice.config,
    nodes: kind.nodes(choice.config),
  }));
}

/** Leaves of each component's choices those that can do what the steps need of it; complains at the first step that none can. */
export function narrowChoices(source: Source, draft: Draft): Draft {
  if (!draft.stack) return draft;
  const steps = (draft.steps ?? []).flatMap((step, i) =>
    step.does === "fault" || step.does === "recover" ? [{ step, path: ["steps", i, step.does] }] : [],
  );
  const stack = draft.stack.map((component) => {
    const mine = steps.filter(({ step }) => step.target?.split(".")[0] === component.name);
    return component.kind && component.choices ? narrowed(source, component, mine) : component;
  });
  return { ...draft, stack };
}

function narrowed(source: Source, component: StackDraft, steps: readonly { step: ActDraft; path: Path }[]): StackDraft {
  const kind = component.kind!;
  const can = ({ config }: Choice): readonly string[] => kind.capabilities?.(config) ?? [];
  let left = component.choices!;
  for (const { step, path } of steps) {
    const { name, requires } = step.kind ?? {};
    const able = requires === undefined ? left : left.filter((choice) => can(choice).includes(requires));
    if (able.length === 0) {
      const has = left.map((choice) => `${choice.name ?? kind.kind}: ${can(choice).join(", ") || "none"}`);
      source.complain(path, {
        found: `${name}, which needs ${requires}`,
        expected: `what ${component.name} can do as it is configured (${has.join("; ")})`,
      });
      continue;
    }
    const there = able.filter(({ nodes }) => nodes.some((node) => `${component.name}.${node.name}` === step.target));
    left = there.length > 0 ? there : able;
  }
  const [first] = left;
  return first ? { ...component, choices: left, config: first.config, nodes: first.nodes } : component;
}
