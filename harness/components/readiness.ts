import { messageOf, notReady } from "../errors.ts";
import type { Node } from "../node.ts";
import { awaitCondition } from "../wait.ts";

const LAST_LINES = 8;

/** What a node's first process printed at the end, which is where a server says why it gave up. */
export const lastWords = async (node: Node, matters: (line: string) => boolean = () => true): Promise<string> =>
  (await node.logs()).trim().split("\n").filter(matters).slice(-LAST_LINES).join("\n");

/** Rejects (exit 6) when a node has ended while its component boots: waiting longer would only hide why. */
async function refuseDeadNodes(nodes: Iterable<Node>): Promise<void> {
  for (const node of nodes) {
    if ((await node.state()) !== "stopped") continue;
    throw notReady(
      `${node.name} ended while it booted. Its last words:\n${await lastWords(node)}`,
      "look at the image and the settings of this component",
    );
  }
}

export interface Readiness {
  readonly name: string;
  readonly nodes: Iterable<Node>;
  /** What is not there yet, in words; empty when everything is. An error is one more thing that is missing. */
  readonly missing: () => Promise<string>;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Resolves when nothing is missing any more; rejects when the time is over or a node has ended, with what was missing last. */
export async function awaitReady({ name, nodes, missing, everyMs, timeoutMs, signal }: Readiness): Promise<void> {
  const all = [...nodes];
  let last = "nothing was tried";
  const complete = async (): Promise<boolean> => {
    await refuseDeadNodes(all);
    last = await missing().catch(messageOf);
    return last === "";
  };
  if (!(await awaitCondition(complete, { everyMs, timeoutMs, signal })))
    throw new Error(`${name} was not ready within ${timeoutMs} ms: ${last}`);
}
