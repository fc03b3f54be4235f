import type { LoggedOperation } from "../workload/operation-log.ts";
import type { Sample } from "../workload/probes.ts";
import { nowNs } from "../time.ts";

/**
 * Watches, while the drill runs, whether clients have been served without a break for long enough. It only decides when to stop
 * looking; the recovery time itself is worked out later, from the record.
 */
export class Settling {
  readonly #operations: readonly LoggedOperation[];
  /** Latest instant at which something was asked that failed. */
  #troubleNs: bigint;
  #scanned = 0;
  #pending: LoggedOperation[] = [];
  #firstOkNs: bigint | undefined;
  #tolerated: number;

  constructor(operations: readonly LoggedOperation[], sinceNs: bigint, tolerated = 0) {
    this.#operations = operations;
    this.#tolerated = tolerated;
    this.#troubleNs = sinceNs;
    while (this.#scanned < operations.length && operations[this.#scanned]!.invokedNs < sinceNs) {
      const operation = operations[this.#scanned++]!;
      if (operation.endedNs === null) this.#pending.push(operation);
    }
  }

  see(sample: Sample): void {
    if (!sample.ok) this.#trouble(sample.dueNs);
  }

  /** Whether the last `holdMs` were served without a break, with no write of that time still unanswered. */
  served(holdMs: number): boolean {
    this.#scan();
    if (this.#firstOkNs === undefined) return false;
    const endNs = this.#firstOkNs + BigInt(Math.round(holdMs * 1e6));
    return nowNs() > endNs && this.#pending.every((o) => o.invokedNs > endNs || o.invokedNs < this.#firstOkNs!);
  }

  #scan(): void {
    const open = this.#pending;
    this.#pending = [];
    for (const operation of open) this.#look(operation);
    while (this.#scanned < this.#operations.length) this.#look(this.#operations[this.#scanned++]!);
  }

  #look(operation: LoggedOperation): void {
    if (operation.endedNs === null) this.#pending.push(operation);
    else if (operation.outcome !== "ok") this.#trouble(operation.conn === null ? operation.dueNs : operation.invokedNs);
    else if (
      operation.invokedNs > this.#troubleNs &&
      (this.#firstOkNs === undefined || operation.endedNs < this.#firstOkNs)
    )
      this.#firstOkNs = operation.endedNs;
  }

  #trouble(ns: bigint): void {
    if (ns <= this.#troubleNs || this.#tolerated-- > 0) return;
    this.#troubleNs = ns;
    if (this.#firstOkNs !== undefined && this.#firstOkNs < ns) this.#firstOkNs = undefined;
  }
}
