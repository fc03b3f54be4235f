import { z } from "zod";
import { component } from "./scenario/names.ts";
import { byteSize, positiveDuration, rate } from "./scenario/units.ts";

/** What every workload may say; durations in ms, the rate a second. */
const common = {
  rate: rate.refine((perSecond) => perSecond >= 1 && perSecond <= 100_000, { error: "expected 1/s to 100000/s" }),
  connections: z.int().min(1).max(256).default(8),
  timeout: positiveDuration.default(1_000).meta({ description: "The client's own patience with one write" }),
};

const transfers = z.number().min(0).max(1).optional().meta({
  description: "Share of operations that move money between two accounts; 0.2 where the store keeps balances",
});

const shape = {
  payload: byteSize
    .refine((bytes) => Number.isInteger(bytes) && bytes >= 44 && bytes <= 16 * 1024 ** 2, {
      error: "expected 44B to 16MiB",
    })
    .optional()
    .meta({ description: "Size of what each write carries; 44 bytes if left out" }),
  keys: z
    .enum(["each", "one"])
    .default("each")
    .meta({ description: "one: every write goes to the same element, which must keep them all as its versions" }),
};

/** A kind of workload as scenarios name it: what may be written beside `kind` and `name`, and which components it writes to. */
export interface WorkloadKind {
  readonly kind: string;
  readonly summary: string;
  readonly config: z.ZodObject & z.ZodType<WorkloadConfig>;
  /** In the order in which one operation reaches them. */
  targets(config: WorkloadConfig): string[];
  /** The capability that its targets must have, and the key that asks for it; none if left out. */
  requires?(config: WorkloadConfig): { readonly word: string; readonly key: string } | null;
  /** What each target, in their order, has to offer an application; for workloads that go through one. */
  readonly wants?: readonly string[];
  /** Images of ours that its clients run from. */
  readonly images?: readonly string[];
}

export interface WorkloadConfig {
  readonly rate: number;
  readonly connections: number;
  readonly timeout: number;
  readonly transfers?: number | undefined;
  readonly target?: string | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly payload?: number | undefined;
  readonly keys?: "each" | "one" | undefined;
}

const ledger: WorkloadKind = {
  kind: "ledger",
  summary: "Open-loop writers whose every operation is recorded outside the stack before it is sent",
  config: z.strictObject({
    target: component.meta({ description: "The component that is written to" }),
    ...common,
    transfers,
    ...shape,
  }),
  targets: ({ target }) => (target === undefined ? [] : [target]),
  requires: ({ keys }) => (keys === "one" ? { word: "versioning", key: "keys" } : null),
};

const several = z
  .array(component)
  .min(2)
  .refine((names) => new Set(names).size === names.length, { error: "expected each component once" });

const orders: WorkloadKind = {
  kind: "orders",
  summary:
    "One order a write: its record first, then the same id and content in every other store, each recorded apart",
  config: z.strictObject({
    targets: several.meta({
      description: "The components that each order is written to; the first is the system of record",
    }),
    ...common,
  }),
  targets: ({ targets }) => [...(targets ?? [])],
};

const service: WorkloadKind = {
  kind: "service",
  summary: "Users of an order service: k6 sends orders at a constant rate, and the service writes each to three stores",
  config: z.strictObject({
    targets: several.length(3).meta({
      description: "The service's record, its cache and its audit trail; the first is the system of record",
    }),
    ...common,
    rate: common.rate.refine(Number.isInteger, { error: "expected a whole number of orders a second" }),
    connections: common.connections.meta({
      description: "Connections of the service to the record, and to the cache",
    }),
    timeout: positiveDuration
      .refine((ms) => ms >= 100, { error: "expected at least 100ms" })
      .default(1_000)
      .meta({ description: "A user's own patience with one order; the service's with each store is two fifths of it" }),
  }),
  targets: ({ targets }) => [...(targets ?? [])],
  wants: ["rows", "entries", "objects"],
  images: ["k6"],
};

/** Every kind of workload. A new one is an entry here and its clients in workload/. */
export const workloadKinds: readonly WorkloadKind[] = [ledger, orders, service];
