import { expect, test } from "vitest";
import type { Plan, PlannedStep } from "../plan.ts";
import { disksOf, targetsNeeding } from "./host-needs.ts";

const fault = (kind: string, target: string, params: object = {}) =>
  ({ does: "fault", name: kind, kind, target, params, start: { by: "time", afterMs: 0, jitterMs: 0 } }) as PlannedStep;
const planOf = (...steps: PlannedStep[]) => ({ steps }) as unknown as Plan;

test("only the targets of faults that need it are named", () => {
  const plan = planOf(
    fault("power-loss", "db.primary", { filesystem: "xfs" }),
    fault("partition", "db.a"),
    fault("process-crash", "db.b"),
    { does: "heal", fault: "partition", name: "heal", start: { by: "time", afterMs: 0, jitterMs: 0 } },
  );
  expect([...targetsNeeding(plan, "netns-drop")]).toEqual(["db.primary", "db.a"]);
  expect([...targetsNeeding(plan, "power-cut")]).toEqual(["db.primary"]);
  expect([...disksOf(plan)]).toEqual([["db.primary", "xfs"]]);
  expect(disksOf(planOf(fault("node-loss", "db.primary"))).size).toBe(0);
});

test("one node has one disk: two steps may cut its power, but not on two filesystems", () => {
  const cut = (filesystem: string) => fault("power-loss", "db.primary", { filesystem });
  expect([...disksOf(planOf(cut("ext4"), cut("ext4")))]).toEqual([["db.primary", "ext4"]]);
  expect(() => disksOf(planOf(cut("ext4"), cut("xfs")))).toThrow("two steps want it to be ext4 and xfs");
});
