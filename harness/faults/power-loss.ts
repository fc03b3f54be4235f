import { z } from "zod";
import { defineFault, FILESYSTEMS } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({
  filesystem: z.enum(FILESYSTEMS).default("ext4").meta({ description: "What the machine's disk is" }),
});

/** The disk says this once it is dark; anything else was an answer. */
const DARK = "Input/output error";

/**
 * A machine without power is silent, and what it had not synced to its disk is gone. So every packet is dropped first, then the
 * filesystem is shut down without a flush, and the process is killed last; a mere kill leaves all that the kernel has.
 */
export const powerLoss = defineFault<z.output<typeof params>>({
  name: "power-loss",
  summary: "The machine falls silent and loses what it had not synced; its disk is kept",
  target: "node",
  needs: ["power-cut", "netns-drop"],
  params,
  filesystem: ({ filesystem }) => filesystem,
  async inject(target, { filesystem }) {
    const node = requireNode(target);
    const silence = { direction: "both", peers: "all" } as const;
    const effective = await node.cut(silence);
    const off = node.cutPower();
    off.catch(() => undefined); // awaited in effect(), where a failure is reported
    return {
      effective,
      async effect() {
        const { at, refusal } = await off;
        const state = await node.state();
        const afterMs = (ns: bigint) => (Number(ns - effective.toNs) / 1e6).toFixed(1);
        return {
          observed: state === "stopped" && refusal === DARK,
          proof:
            `all packets dropped; ${afterMs(at.fromNs)} to ${afterMs(at.toNs)} ms later its ${filesystem} was shut down without ` +
            `a flush, a write then got: ${refusal}; SIGKILL; the engine says ${state}`,
        };
      },
      async heal() {
        await off.catch(() => undefined);
        await node.join(silence);
      },
    };
  },
});
