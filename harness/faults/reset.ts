import { z } from "zod";
import { defineFault } from "../fault.ts";
import { duration } from "../scenario/units.ts";
import { poisonPath } from "./poison.ts";

const params = z.strictObject({
  after: duration.default(0).meta({ description: "How long a connection lives before it is reset" }),
});

export const reset = defineFault<z.output<typeof params>>({
  name: "reset",
  summary: "Connections on the component's client path are reset (RST)",
  target: "component",
  needs: ["toxiproxy"],
  params,
  inject: (target, { after: timeoutMs }) =>
    poisonPath(
      target,
      { type: "reset_peer", stream: "downstream", attributes: { timeout: timeoutMs } },
      (_before, after) => ({
        observed: after.failed,
        proof: after.failed ? `a new connection failed: ${after.error}` : "a new connection still worked",
      }),
    ),
});
