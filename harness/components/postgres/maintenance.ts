import type { Node } from "../../node.ts";
import { awaitCondition } from "../../wait.ts";

const TIMEOUT_MS = 30_000;
const WAITS = "test -p /blackstart/run/go";

/** A machine that runs without its server: a spare that nobody has used yet, or one that is started for the purpose. */
export async function openForWork(node: Node, signal: AbortSignal): Promise<void> {
  if ((await node.state()) === "stopped") {
    const flagged = await node.onDisk(["touch", `${node.disk}/maintenance`], { timeoutMs: TIMEOUT_MS });
    if (flagged.code !== 0) throw new Error(`the disk of ${node.name} takes no file: ${flagged.stderr.trim()}`);
    await node.start();
  }
  const waits = () => waitsForWork(node);
  if (await waits()) return;
  if ((await node.exec(["test", "-e", `${node.disk}/maintenance`], { timeoutMs: TIMEOUT_MS })).code !== 0)
    throw new Error(`${node.name} runs a server: stop it first`);
  if (!(await awaitCondition(waits, { everyMs: 10, timeoutMs: TIMEOUT_MS, signal })))
    throw new Error(`${node.name} was not ready for work within ${TIMEOUT_MS} ms`);
}

/** Whether the machine runs, and no server on it. */
export const waitsForWork = async (node: Node): Promise<boolean> =>
  (await node.exec(["sh", "-c", WAITS], { timeoutMs: TIMEOUT_MS })).code === 0;

/** Ends the wait; the machine's first process becomes the server. */
export async function startServer(node: Node): Promise<void> {
  const said = await node.exec(["sh", "-c", `rm -f ${node.disk}/maintenance; echo go >/blackstart/run/go`], {
    timeoutMs: TIMEOUT_MS,
  });
  if (said.code !== 0) throw new Error(`the server of ${node.name} could not be started: ${said.stderr.trim()}`);
}
