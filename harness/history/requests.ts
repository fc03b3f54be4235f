import type { Operation, UserRequest } from "../history.ts";
import type { PlannedWorkload } from "../plan.ts";
import { msAfter } from "../time.ts";
import { K6Samples, type OrderOperation } from "../workload/k6-samples.ts";
import type { WallLook } from "../workload/wall-clock.ts";
import { Defects } from "./defects.ts";

export interface RequestRecord {
  readonly workload: PlannedWorkload;
  readonly seed: number;
  readonly looks: readonly WallLook[];
  /** Of the whole run. */
  readonly operations: readonly Operation[];
  readonly originNs: bigint;
}

/**
 * The requests of a workload out of its load generator's own lines. Whatever is missing from them, cut or contradictory, or told
 * otherwise by the recorded operations, is a defect: the operations were made from these lines and from nothing else.
 */
export function requestsIn(text: string, record: RequestRecord): { requests: UserRequest[]; defects: string[] } {
  const { workload, seed, looks, originNs } = record;
  const [db = "", cache = "", audit = ""] = workload.targets;
  const samples = new K6Samples({ workload: workload.name, seed, stores: { db, cache, audit } });
  samples.add(text);
  const told = samples.finish(looks);
  const after = (ns: bigint): number => msAfter(originNs, ns);
  const requests = told.requests.map(({ op, dueNs, invokedNs, endedNs, status }) => ({
    workload: workload.name,
    op,
    dueMs: after(dueNs),
    invokedMs: after(invokedNs),
    endedMs: endedNs === null ? null : after(endedNs),
    status,
  }));
  return { requests, defects: [...told.defects, ...disagreements(told.operations, record)] };
}

function disagreements(
  told: readonly OrderOperation[],
  { workload, operations, originNs }: RequestRecord,
): readonly string[] {
  const defects = new Defects();
  const key = ({ op, store }: { op: string; store: string }): string => `${store.length}:${store}${op}`;
  const recorded = new Map(operations.filter((o) => o.workload === workload.name).map((o) => [key(o), o]));
  if (recorded.size !== told.length)
    defects.add("count", `they tell of ${told.length} operations, ${recorded.size} are recorded`);
  for (const one of told) {
    const operation = recorded.get(key(one));
    if (!operation) defects.add("missing", `operation ${one.op} at ${one.store} is not among the recorded ones`);
    else if (operation.outcome !== one.outcome || operation.sha256 !== one.sha256)
      defects.add(
        "outcome",
        `operation ${one.op} at ${one.store} is ${one.outcome} there and ${operation.outcome} in the record`,
      );
    else if (operation.invokedMs !== msAfter(originNs, one.invokedNs))
      defects.add("time", `operation ${one.op} at ${one.store} was sent at another time than recorded`);
  }
  return defects.list();
}
