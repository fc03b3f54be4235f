import { z } from "zod";
import type { Component } from "../component.ts";
import { type Elements, isReconcilable } from "../capabilities.ts";
import { defineRecovery, type RecoveryContext } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({
  direction: z.enum(["discard", "replay"]).meta({
    description:
      "discard: what the record does not have is taken away from the other stores. replay: the record gets it back from them",
  }),
  workload: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: "expected the name of a workload" })
    .default("orders")
    .meta({ description: "Whose operations are compared, by the beginning of their ids" }),
});

/** Elements that are handled side by side. */
const AT_ONCE = 16;

interface Store {
  readonly name: string;
  readonly elements: Elements;
}

/**
 * Makes the stores agree after one of them fell back. They are compared with each other and with nothing else: the harness's own
 * ledger is not looked at, for nobody has one after a real disaster. It may run while clients write, since an order's row is
 * committed before its entries: the entries are listed first, so what the record lacks afterwards it had given up.
 */
export const reconcile = defineRecovery<z.output<typeof params>>({
  name: "reconcile",
  summary: "Makes the other stores agree with the record, or gives the record back what the others still have",
  target: "component",
  params,
  async recover({ component }, { direction, workload }, context) {
    const record = reconcilable(component);
    const others = [...context.stack.values()].filter((other) => other !== component && isReconcilable(other));
    if (others.length === 0) throw new Error(`no other store can be compared with ${component.name}`);
    const stores = others.map(reconcilable);
    const { at, value } = await bracket(async () => {
      const surplus = await surplusOf(record, stores, workload);
      if (direction === "discard") await discard(surplus, context);
      else await replay(record, surplus, context);
      return surplus;
    });
    context.mark("reconciled", at);
    const words = value.map(({ store, ops }) => `${store.name}: ${ops.length} without a row in ${record.name}\n`);
    await context.keep("reconcile.txt", `${direction}\n${words.join("")}`);
  },
});

function reconcilable(component: Component): Store {
  if (!isReconcilable(component))
    throw new Error(`${component.name} (${component.kind}) has no elements that could be compared`);
  return component;
}

interface Surplus {
  readonly store: Store;
  readonly ops: readonly string[];
}

/** What each store has and the record has not. */
async function surplusOf(record: Store, stores: readonly Store[], workload: string): Promise<Surplus[]> {
  const mine = new RegExp(`^${workload}-\\d+$`);
  const entries = await Promise.all(stores.map(({ elements }) => elements.ids()));
  const rows = new Set(await record.elements.ids());
  return stores.map((store, i) => ({ store, ops: entries[i]!.filter((op) => mine.test(op) && !rows.has(op)) }));
}

async function discard(surplus: readonly Surplus[], { reconciled, signal }: RecoveryContext): Promise<void> {
  for (const { store, ops } of surplus)
    await inTurn(ops, signal, async (op) => {
      await store.elements.remove(op);
      reconciled({ op, store: store.name, action: "discarded" });
    });
}

async function replay(
  record: Store,
  surplus: readonly Surplus[],
  { reconciled, signal }: RecoveryContext,
): Promise<void> {
  const disputed: string[] = [];
  await inTurn([...new Set(surplus.flatMap(({ ops }) => ops))], signal, async (op) => {
    const holders = surplus.filter(({ ops }) => ops.includes(op));
    const copies = await Promise.all(holders.map(({ store }) => store.elements.read(op)));
    const payloads = new Set(copies.filter((payload) => payload !== null));
    const [payload] = payloads;
    if (payloads.size > 1) disputed.push(op);
    else if (payload !== undefined && (await record.elements.write(op, payload)))
      reconciled({ op, store: record.name, action: "replayed" });
  });
  if (disputed.length > 0)
    throw new Error(`${disputed.length} orders have copies that differ and were left alone, such as ${disputed[0]}`);
}

async function inTurn(ops: readonly string[], signal: AbortSignal, act: (op: string) => Promise<void>): Promise<void> {
  for (let from = 0; from < ops.length; from += AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(ops.slice(from, from + AT_ONCE).map(act));
  }
}
