import { usage } from "../errors.ts";
import type { Filesystem, HostNeed } from "../fault.ts";
import { faultKind } from "../faults.ts";
import type { Plan, PlannedStep } from "../plan.ts";

type FaultStep = PlannedStep & { does: "fault" };

/** Targets of the faults that need this of the machine; what they need is made ready before the drill. */
export const targetsNeeding = (plan: Plan, need: HostNeed): Set<string> =>
  new Set(faultsNeeding(plan, need).map((step) => step.target));

/** The nodes whose power will be cut, with the filesystem that their disks have to be. */
export function disksOf(plan: Plan): Map<string, Filesystem> {
  const disks = new Map<string, Filesystem>();
  for (const { kind, target, params } of faultsNeeding(plan, "power-cut")) {
    const wanted = faultKind(kind)!.filesystem?.(params) ?? "ext4";
    const other = disks.get(target);
    if (other && other !== wanted)
      throw usage(`${target} has one disk, and two steps want it to be ${other} and ${wanted}`, "name one filesystem");
    disks.set(target, wanted);
  }
  return disks;
}

const faultsNeeding = (plan: Plan, need: HostNeed): FaultStep[] =>
  plan.steps.filter((step): step is FaultStep => step.does === "fault" && !!faultKind(step.kind)?.needs.includes(need));
