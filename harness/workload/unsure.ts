import type { WriteRequest } from "../component.ts";
import type { PlannedWorkload } from "../plan.ts";
import { makeRequest } from "./content.ts";
import type { LoggedOperation } from "./operation-log.ts";

/**
 * The clients' outbox for one store: operations that were sent and whose end nobody knows, without those still under way. Their
 * requests are made again from the seed, and must be the ones that were recorded.
 */
export function unsureOf(
  workloads: readonly PlannedWorkload[],
  seed: number,
  operations: readonly LoggedOperation[],
  store: string,
): WriteRequest[] {
  const planned = new Map(workloads.map((workload) => [workload.name, workload]));
  return operations
    .filter((o) => o.store === store && o.outcome === "info" && o.endedNs !== null)
    .map(({ op, workload, seq, sha256 }) => {
      const request = makeRequest({ transfers: 0, ...planned.get(workload), workload, seed, seq });
      if (request.op !== op || request.sha256 !== sha256) throw new Error(`the content of ${op} cannot be made again`);
      return request;
    });
}
