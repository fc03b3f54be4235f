import { componentKind } from "../components.ts";
import type { Plan } from "../plan.ts";
import { workloadKinds } from "../workloads.ts";
import { disksOf } from "./host-needs.ts";

/** Images that the drill itself needs, by what they are in it. */
export const ownImages = (plan: Plan): { component: string; image: string }[] => [
  { component: "clients", image: "proxy" },
  ...(disksOf(plan).size > 0 ? [{ component: "disks", image: "power" }] : []),
  ...plan.workload.flatMap(({ name, kind }) =>
    (workloadKinds.find((known) => known.kind === kind)?.images ?? []).map((image) => ({ component: name, image })),
  ),
];

/** Every image that the plan needs, by the name that a component gives it. */
export const imagesOf = (plan: Plan): Set<string> =>
  new Set([
    ...ownImages(plan).map(({ image }) => image),
    ...plan.components.flatMap(({ kind, config }) =>
      componentKind(kind)!
        .nodes(config)
        .map((node) => node.image),
    ),
  ]);
