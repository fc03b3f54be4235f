import { componentKind } from "../components.ts";
import type { History } from "../history.ts";
import { storesOf } from "./reading.ts";

/** The stores that have something for a check to judge; one of a kind that nobody knows is among them, and nothing is known of it. */
export const storesJudgedBy = (history: History, check: string): string[] =>
  storesOf(history).filter((store) => {
    const kind = componentKind(history.plan.components.find(({ name }) => name === store)?.kind ?? "");
    return kind === undefined || kind.checks.includes(check);
  });
