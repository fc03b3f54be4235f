import type { FaultTarget } from "../fault.ts";
import type { Node } from "../node.ts";

/** The node of a target; validate has refused scenarios in which there is none. */
export function requireNode(target: FaultTarget): Node {
  if (!target.node) throw new Error(`this step needs a node of ${target.component.name}, not the component itself`);
  return target.node;
}
