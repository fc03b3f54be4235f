import type { History, NodeFacts } from "../../history.ts";
import { outageOf } from "../outage.ts";
import { shortName } from "../reading.ts";

/** Evidence for and against; one reason against is enough. */
export interface Reasons {
  readonly holds: string[];
  readonly permits: string[];
}

/** A store, the node that acknowledged its writes until the fault, and the one that serves after it (short names). */
export interface Served {
  readonly history: History;
  readonly store: string;
  readonly served: string;
  readonly after: string;
}

/** The rules of one kind of store: adds every reason that holds or permits loss. */
export type StoreRules = (served: Served, reasons: Reasons) => void;

/** What a node said before the fault: when steady, and just before each fault up to the one that counts. */
export function factsBeforeFault(history: History, store: string, node: string): NodeFacts[] {
  const faultMs = outageOf(history)?.fault.at.toMs ?? Infinity;
  return history.facts.filter(
    (f) =>
      f.component === store &&
      shortName(f.node) === node &&
      f.at !== "recovered" &&
      f.ms <= faultMs &&
      f.values["unreachable"] === undefined,
  );
}

export function demand(
  look: NodeFacts,
  setting: string,
  allowed: readonly string[],
  { holds, permits }: Reasons,
): void {
  const value = look.values[setting];
  if (value !== undefined && allowed.includes(value)) holds.push(`${setting}=${value} on ${look.node}`);
  else
    permits.push(
      value === undefined ? `${setting} of ${look.node} is not recorded` : `${setting}=${value} on ${look.node}`,
    );
}
