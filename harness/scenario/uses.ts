import type { Use } from "../component.ts";
import type { Path } from "./path.ts";
import type { StackDraft } from "./scenario.ts";
import type { Source } from "./source.ts";
import type { StackView } from "./stack-view.ts";

/** One component of the stack that makes use of another. */
interface NamedUse {
  readonly by: string;
  readonly use: Use;
  /** In the file. */
  readonly path: Path;
}

export const usesOf = (stack: readonly StackDraft[]): NamedUse[] =>
  stack.flatMap(({ name: by, kind, config }) =>
    config === undefined
      ? []
      : (kind?.uses?.(config) ?? []).map((use) => ({ by, use, path: ["stack", by, ...use.path] })),
  );

/** Whether what components make use of is there and is of that sort; what it must be able to do is judged where choices are narrowed. */
export function judgeUses(source: Source, stack: StackView): void {
  const uses = usesOf(stack.components);
  for (const { by, use, path } of uses) {
    const other = stack.component(use.component, path);
    const circle = other && wayBack(uses, use.component, by);
    if (circle) {
      if (stack.components.find(({ name }) => circle.includes(name))?.name !== by) continue; // one circle is one mistake
      source.complain(path, {
        what: `${[by, ...circle].join(" uses ")}: each would wait for the other to come up first`,
        expected: "a component that does not lead back here",
      });
    } else if (other?.kind && other.kind.offers !== use.offers) {
      source.complain(path, {
        found: `${use.component}, which keeps ${other.kind.offers ?? "nothing of the sort"}`,
        expected: `a component that keeps ${use.offers}`,
      });
    }
  }
}

/** The components that lead from one to the other by what each makes use of, both ends included; undefined when none do. */
function wayBack(uses: readonly NamedUse[], from: string, to: string, seen = new Set<string>()): string[] | undefined {
  if (from === to) return [to];
  if (seen.has(from)) return undefined;
  seen.add(from);
  for (const { use } of uses.filter(({ by }) => by === from)) {
    const rest = wayBack(uses, use.component, to, seen);
    if (rest) return [from, ...rest];
  }
  return undefined;
}
