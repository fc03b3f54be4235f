import { checkers } from "../checkers.ts";
import type { StackDraft } from "./scenario.ts";

/**
 * Names that `verify` may use in a stack: checkers that run anyway, and those for which a component has something to judge.
 * All of them where a component's kind is not known.
 */
export function checkNames(stack: readonly StackDraft[]): string[] {
  const judged = new Set(stack.flatMap(({ kind }) => kind?.checks ?? []));
  const able = new Set(stack.flatMap(({ kind, config }) => (config && kind?.capabilities?.(config)) || []));
  const known = stack.every(({ kind, config }) => kind && config);
  return checkers
    .filter(({ name, always, requires }) => always || !known || (judged.has(name) && (!requires || able.has(requires))))
    .map(({ name }) => name);
}
