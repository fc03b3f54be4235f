import { notReady } from "../errors.ts";
import type { Node } from "../node.ts";

const LAST_LINES = 8;

/** What a node's first process printed at the end, which is where a server says why it gave up. */
export const lastWords = async (node: Node, matters: (line: string) => boolean = () => true): Promise<string> =>
  (await node.logs()).trim().split("\n").filter(matters).slice(-LAST_LINES).join("\n");

/** Rejects (exit 6) when a node has ended while its component boots: waiting longer would only hide why. */
export async function refuseDeadNodes(nodes: Iterable<Node>): Promise<void> {
  for (const node of nodes) {
    if ((await node.state()) !== "stopped") continue;
    throw notReady(
      `${node.name} ended while it booted. Its last words:\n${await lastWords(node)}`,
      "look at the image and the settings of this component",
    );
  }
}
