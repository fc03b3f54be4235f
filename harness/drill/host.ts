import os from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { clockSynchronised, preload } from "../engine/clock.ts";
import { engineFacts } from "../engine/connect.ts";
import type { HostFacts } from "../history.ts";

const STALL_RESOLUTION_MS = 2;

/** Watches this process's own event loop while it measures: a stall of it is an error of every instant that was taken meanwhile. */
export function watchStalls(): { start(): void; stop(): void; worstMs(): number } {
  const histogram = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  return {
    start: () => void histogram.enable(),
    stop: () => void histogram.disable(),
    worstMs: () => Math.max(0, histogram.max / 1e6 - STALL_RESOLUTION_MS),
  };
}

export async function hostFacts(
  measured: Pick<HostFacts, "blackstart" | "evaluatorSha256" | "dirty" | "environmentKind" | "eventLoopStallMs">,
): Promise<HostFacts> {
  const engine = await engineFacts();
  return {
    kernel: `${os.type()} ${os.release()}`,
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    engine: engine.version,
    node: process.version,
    clockSynchronised: await clockSynchronised(),
    preload: preload(process.env),
    ...measured,
  };
}
