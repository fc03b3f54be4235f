import { componentKind } from "../components.ts";
import type { Plan } from "../plan.ts";

export const PROXY_IMAGE = "proxy";

/** Every image that the plan needs, by the name that a component gives it. */
export const imagesOf = (plan: Plan): Set<string> =>
  new Set([
    PROXY_IMAGE,
    ...plan.components.flatMap(({ kind, config }) =>
      componentKind(kind)!
        .nodes(config)
        .map((node) => node.image),
    ),
  ]);
