import { z } from "zod";
import { defineFault } from "../fault.ts";
import { duration, positiveDuration } from "../scenario/units.ts";
import { poisonPath } from "./poison.ts";

const params = z.strictObject({
  latency: positiveDuration.meta({ description: "Added to every answer on the client path" }),
  jitter: duration.default(0),
});

export const latency = defineFault<z.output<typeof params>>({
  name: "latency",
  summary: "Answers on the component's client path are delayed",
  target: "component",
  needs: ["toxiproxy"],
  params,
  inject: (target, { latency: latencyMs, jitter: jitterMs }) =>
    poisonPath(
      target,
      { type: "latency", stream: "downstream", attributes: { latency: latencyMs, jitter: jitterMs } },
      (before, after) => ({
        observed: after.elapsedMs >= before.elapsedMs + (latencyMs - jitterMs) * 0.8,
        proof: `a read took ${before.elapsedMs.toFixed(1)} ms before and ${after.elapsedMs.toFixed(1)} ms after`,
      }),
    ),
});
