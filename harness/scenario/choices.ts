import type { ComponentKind, NodeSpec } from "../component.ts";
import type { Path } from "./path.ts";
import type { Draft, StackDraft } from "./scenario.ts";
import type { Source } from "./source.ts";
import { usesOf } from "./uses.ts";

/** One thing that a component may turn out to be. `name` is null where its kind leaves nothing open. */
export interface Choice {
  readonly name: string | null;
  readonly config: unknown;
  readonly nodes: readonly NodeSpec[];
}

/** What a sound config may stand for, the preferred first; complains when there is nothing that could stand behind it. */
export function choicesOf(source: Source, kind: ComponentKind, config: unknown, path: Path): Choice[] {
  const open = kind.choices?.(config) ?? [{ name: null, config }];
  const asWritten = kind.problems(config);
  const sound = open.filter((choice) => asWritten.length === 0 && kind.problems(choice.config).length === 0);
  const problems = asWritten.length > 0 || sound.length > 0 ? asWritten : kind.problems(open[0]?.config ?? config);
  for (const { path: inner, message, hint } of problems) source.complain([...path, ...inner], { what: message, hint });
  return (sound.length > 0 ? sound : open.slice(0, 1)).map((choice) => ({
    name: choice.name,
    config: choice.config,
    nodes: kind.nodes(choice.config),
  }));
}

/** Something that a component must be able to do or have, and where the scenario asks for it. */
interface Need {
  readonly component: string;
  /** Who needs it, in words. */
  readonly who: string;
  readonly word: string | undefined;
  /** Full name of a node that must be there. */
  readonly node: string | undefined;
  readonly path: Path;
}

/** Leaves of each component's choices those that can do what the scenario needs of it; complains at the first need that none can fill. */
export function narrowChoices(source: Source, draft: Draft): Draft {
  if (!draft.stack) return draft;
  const needs = [...workloadNeeds(draft), ...stepNeeds(draft), ...stackNeeds(draft)];
  const stack = draft.stack.map((component) =>
    component.kind && component.choices
      ? narrowed(
          source,
          component,
          needs.filter((need) => need.component === component.name),
        )
      : component,
  );
  return { ...draft, stack };
}

const workloadNeeds = ({ workload }: Draft): Need[] =>
  (workload ?? []).flatMap(({ kind, config }, i) => {
    const need = config && kind?.requires?.(config);
    if (!need) return [];
    const about = { who: `${need.key} of this workload`, word: need.word, node: undefined };
    return kind!.targets(config).map((component) => ({ ...about, component, path: ["workload", i, need.key] }));
  });

const stepNeeds = ({ steps }: Draft): Need[] =>
  (steps ?? []).flatMap((step, i) => {
    if (step.does === undefined || step.does === "heal" || step.target === undefined || !step.kind) return [];
    const { name: who, requires: word } = step.kind;
    const [component = "", node] = step.target.split(".");
    const about = { component, node: node && step.target };
    const asks = (step.params && step.kind.asks?.(step.params)) ?? [];
    return [
      { ...about, who, word, path: ["steps", i, step.does] },
      ...asks.map(({ key, word: asked }) => ({
        ...about,
        who: `${key} of ${who}`,
        word: asked,
        path: ["steps", i, key],
      })),
    ];
  });

/** Of a component that keeps something else than is asked for, it says nothing that it can do something less. */
const stackNeeds = ({ stack }: Draft): Need[] =>
  usesOf(stack ?? []).flatMap(({ by, use, path }) => {
    const other = stack?.find(({ name }) => name === use.component);
    if (other?.kind?.offers !== use.offers) return [];
    return [
      { component: use.component, who: `${use.component} for ${by}`, word: use.capability, node: undefined, path },
    ];
  });

function narrowed(source: Source, component: StackDraft, needs: readonly Need[]): StackDraft {
  const kind = component.kind!;
  const can = ({ config }: Choice): readonly string[] => kind.capabilities?.(config) ?? [];
  let left = component.choices!;
  for (const { who, word, node, path } of needs) {
    const able = left.filter((choice) => word === undefined || can(choice).includes(word));
    if (able.length === 0) {
      const has = left.map(
        (choice) => `${choice.name ?? kind.kind}: ${can(choice).join(", ") || "nothing of that kind"}`,
      );
      source.complain(path, {
        found: `${who}, which needs ${word}`,
        expected: `what ${component.name} can do as it is configured (${has.join("; ")})`,
      });
      continue;
    }
    // A node that no choice has is complained of where targets are looked up.
    const there = able.filter(({ nodes }) => nodes.some(({ name }) => `${component.name}.${name}` === node));
    left = there.length > 0 ? there : able;
  }
  const [first] = left;
  return first ? { ...component, choices: left, config: first.config, nodes: first.nodes } : component;
}
