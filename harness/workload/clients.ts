import type { Component } from "../component.ts";
import type { StartProgram } from "../node.ts";
import type { PlannedWorkload } from "../plan.ts";
import type { OperationLog } from "./operation-log.ts";
import { ServiceClients } from "./service-clients.ts";
import { Writers } from "./writers.ts";

/** Whoever plays the clients of one workload. */
export interface Clients {
  start(): Promise<void>;
  /** Stops sending and waits for what is under way. Returns how many operations it has recorded. Idempotent. */
  stop(): Promise<number>;
}

export interface ClientsContext {
  readonly plan: PlannedWorkload;
  /** The components that it writes to, in the order of the plan. */
  readonly targets: readonly Component[];
  readonly log: OperationLog;
  readonly seed: number;
  /** Where the record of the run is written. */
  readonly rawDir: string;
  readonly startProgram: StartProgram;
  /** Clients that are lost for a reason of their own end the drill: it would measure them and not the stack. */
  readonly lost: (why: string) => void;
}

type Play = (context: ClientsContext) => Clients;

const openLoop: Play = ({ plan, targets, log, seed }) => new Writers(plan, targets, log, seed);

/** By kind of workload. A new kind is an entry in workloads.ts and a line here. */
const players: Readonly<Record<string, Play>> = {
  ledger: openLoop,
  orders: openLoop,
  service: (context) => new ServiceClients(context),
};

export function clientsOf(context: ClientsContext): Clients {
  const play = players[context.plan.kind];
  if (!play) throw new Error(`nobody plays the clients of a workload of kind ${context.plan.kind}`);
  return play(context);
}
