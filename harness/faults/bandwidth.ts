import { z } from "zod";
import { defineFault } from "../fault.ts";
import { byteRate } from "../scenario/units.ts";
import { poisonPath } from "./poison.ts";

const params = z.strictObject({
  rate: byteRate
    .refine((bytes) => bytes >= 1024, { error: "expected at least 1KiB/s" })
    .meta({ description: "What the client path still carries towards the clients" }),
});

export const bandwidth = defineFault<z.output<typeof params>>({
  name: "bandwidth",
  summary: "The component's client path carries only so many bytes a second towards the clients",
  target: "component",
  needs: ["toxiproxy"],
  params,
  inject: (target, { rate }) =>
    // Toxiproxy counts in KB/s. A connection's greeting is about 500 bytes, so below 8 KiB/s it takes visibly longer.
    poisonPath(
      target,
      { type: "bandwidth", stream: "downstream", attributes: { rate: Math.max(1, Math.round(rate / 1024)) } },
      (before, after) => ({
        observed: after.failed || after.elapsedMs > before.elapsedMs * 1.5,
        proof: `connect and read took ${before.elapsedMs.toFixed(1)} ms before and ${after.failed ? "failed" : `${after.elapsedMs.toFixed(1)} ms`} after`,
      }),
    ),
});
