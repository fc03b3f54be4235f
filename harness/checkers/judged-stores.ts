import { componentKind } from "../components.ts";
import type { History } from "../history.ts";
import { storesOf } from "./reading.ts";

/**
 * The stores that have something for a check to judge, those that can do what it `requires`; one of a kind that nobody knows is among
 * them, and nothing is known of it.
 */
export const storesJudgedBy = (history: History, check: string, requires?: string): string[] =>
  storesOf(history).filter((store) => {
    const component = history.plan.components.find(({ name }) => name === store);
    const kind = componentKind(component?.kind ?? "");
    if (!component || !kind) return true;
    return (
      kind.checks.includes(check) && (!requires || kind.capabilities?.(component.config)?.includes(requires) === true)
    );
  });
