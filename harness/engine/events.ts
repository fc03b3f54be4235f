import { createInterface } from "node:readline";
import type Dockerode from "dockerode";
import type { EngineEvent } from "../history.ts";
import { NODE_LABEL, RUN_LABEL } from "./labels.ts";

const ACTIONS = new Set(["create", "start", "kill", "die", "oom", "pause", "unpause", "stop", "restart", "destroy"]);

/** Follows what the engine says about the run's nodes, until stopped. Its nanosecond times are a second witness. */
export async function followEvents(
  docker: Dockerode,
  run: string,
  witness: (event: EngineEvent) => void,
  lost: (why: string) => void,
): Promise<() => void> {
  const stream = await docker.getEvents({ filters: { label: [`${RUN_LABEL}=${run}`], type: ["container"] } });
  let stopped = false;
  const lines = createInterface({ input: stream });
  lines.on("error", () => undefined); // the stream's own listener below says it
  lines.on("line", (line) => {
    const event = JSON.parse(line) as {
      Action?: string;
      timeNano?: number;
      time?: number;
      Actor?: { Attributes?: Record<string, string> };
    };
    const node = event.Actor?.Attributes?.[NODE_LABEL];
    const action = event.Action ?? "";
    // timeNano is beyond 2^53: take its digits from the text.
    const wallNs = /"timeNano":(\d+)/.exec(line)?.[1];
    if (node && wallNs && !node.includes("~") && ACTIONS.has(action)) witness({ node, action, wallNs: BigInt(wallNs) });
  });
  const end = (why: string) => {
    if (!stopped) lost(why);
    stopped = true;
  };
  stream.on("error", (error: Error) => end(error.message));
  stream.on("end", () => end("the engine ended its event stream"));
  return () => {
    stopped = true;
    (stream as unknown as { destroy(): void }).destroy();
  };
}
