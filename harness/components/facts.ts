import type { Component } from "../component.ts";
import { messageOf } from "../errors.ts";
import type { NodeFacts } from "../history.ts";
import type { Node } from "../node.ts";

const TIMEOUT_MS = 2_000;
/** A node that is already lost must not hold up the next fault. */
const AT_FAULT_TIMEOUT_MS = 300;

interface Asked {
  /** Whether clients are led to the node. */
  readonly serves: boolean;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** What each node says of itself, side by side; of one that cannot be asked, why. */
export async function factsOf(
  { name, clients }: Component,
  nodes: readonly Node[],
  at: NodeFacts["at"],
  ask: (node: Node, asked: Asked) => Promise<Record<string, string>>,
): Promise<Omit<NodeFacts, "ms">[]> {
  const timeoutMs = at === "fault" ? AT_FAULT_TIMEOUT_MS : TIMEOUT_MS;
  return Promise.all(
    nodes.map(async (node) => {
      const about = { at, component: name, node: node.name };
      const serves = node.name === clients.leadsTo;
      try {
        const state = await node.state();
        if (state !== "running") throw new Error(`the node is ${state}`);
        return { ...about, values: { ...(await ask(node, { serves, timeoutMs })), serves: String(serves) } };
      } catch (thrown) {
        return { ...about, values: { unreachable: messageOf(thrown) } };
      }
    }),
  );
}
