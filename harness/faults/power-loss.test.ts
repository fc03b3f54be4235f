import { expect, test } from "vitest";
import type { FaultTarget } from "../fault.ts";
import type { Node, PowerCut } from "../node.ts";
import { powerLoss } from "./power-loss.ts";

const DARK: PowerCut = { at: { fromNs: 10_000_000n, toNs: 14_500_000n }, refusal: "Input/output error" };

function inject(options: { cutPower?: () => Promise<PowerCut>; state?: string } = {}) {
  const calls: string[] = [];
  const node = {
    name: "db.primary",
    state: async () => options.state ?? "stopped",
    cut: async () => (calls.push("cut"), { fromNs: 5_000_000n, toNs: 8_000_000n }),
    join: async () => void calls.push("join"),
    cutPower: async () => (calls.push("cutPower"), options.cutPower ? options.cutPower() : DARK),
  } as unknown as Node;
  const target = { component: { name: "db" }, node } as unknown as FaultTarget;
  return {
    calls,
    injection: powerLoss.inject(
      target,
      { filesystem: "ext4" },
      {
        signal: AbortSignal.timeout(5_000),
        step: "cut",
        attempted: () => undefined,
        struck: () => undefined,
        keep: () => Promise.resolve(),
      },
    ),
  };
}
const signal = AbortSignal.timeout(5_000);

test("silence comes first and starts the clock; the proof says when the disk went dark and what a write got", async () => {
  const { calls, injection } = inject();
  const power = await injection;
  expect(calls).toEqual(["cut", "cutPower"]);
  expect(power.effective).toEqual({ fromNs: 5_000_000n, toNs: 8_000_000n });
  const { observed, proof } = await power.effect(signal);
  expect(observed).toBe(true);
  expect(proof).toContain("2.0 to 6.5 ms later its ext4 was shut down without a flush");
  expect(proof).toContain("Input/output error");
});

test.each([
  ["a disk that still took a write", { cutPower: async () => ({ ...DARK, refusal: "written" }) }],
  ["a machine that still runs", { state: "running" }],
])("%s is no loss of power", async (_name, options) => {
  const power = await inject(options).injection;
  expect((await power.effect(signal)).observed).toBe(false);
});

test("where the power cannot be cut the effect says so, and healing still ends the silence", async () => {
  const { calls, injection } = inject({
    cutPower: () => Promise.reject(new Error("the power of db.primary cannot be cut")),
  });
  const power = await injection;
  await expect(power.effect(signal)).rejects.toThrow("cannot be cut");
  await power.heal();
  await power.heal();
  expect(calls.filter((call) => call === "join")).toHaveLength(2); // join is idempotent itself
});
