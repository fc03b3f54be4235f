import { describe, expect, it } from "vitest";
import type { Component } from "../component.ts";
import type { Elements } from "../capabilities.ts";
import type { FaultTarget } from "../fault.ts";
import type { RecoveryContext } from "../recovery.ts";
import { reconcile } from "./reconcile.ts";

type Rows = Map<string, string>;

/** A store in memory; `before` is called when its ids are asked for. */
function storeOf(name: string, rows: Rows, before: () => void = () => undefined): Component {
  const elements: Elements = {
    ids: async () => (before(), [...rows.keys()]),
    read: async (op) => rows.get(op) ?? null,
    remove: async (op) => void rows.delete(op),
    write: async (op, payload) => !rows.has(op) && Boolean(rows.set(op, payload)),
  };
  return { name, kind: "fake", elements } as unknown as Component;
}

const orders = (...numbers: number[]): Rows => new Map(numbers.map((n) => [`orders-${n}`, `content ${n}`]));

async function run(components: readonly Component[], params: object): Promise<string[]> {
  const acts: string[] = [];
  const context = {
    signal: new AbortController().signal,
    stack: new Map(components.map((component) => [component.name, component])),
    reconciled: ({ op, store, action }: { op: string; store: string; action: string }) =>
      acts.push(`${action} ${op} in ${store}`),
    mark: () => undefined,
    keep: async () => undefined,
  } as unknown as RecoveryContext;
  const target: FaultTarget = { component: components[0]!, node: null };
  await reconcile.recover(target, reconcile.params.parse(params), context);
  return acts.toSorted();
}

describe("discard", () => {
  it("takes away what the record lacks, and never what it has", async () => {
    const [db, cache, store] = [orders(1, 2), orders(1, 2, 3), orders(2, 3, 4)];
    const stack = [storeOf("db", db), storeOf("cache", cache), storeOf("store", store)];
    expect(await run(stack, { direction: "discard" })).toEqual([
      "discarded orders-3 in cache",
      "discarded orders-3 in store",
      "discarded orders-4 in store",
    ]);
    expect([...db.keys()]).toEqual(["orders-1", "orders-2"]);
    expect([...cache.keys()]).toEqual(["orders-1", "orders-2"]);
    expect([...store.keys()]).toEqual(["orders-2"]);
    expect(await run(stack, { direction: "discard" })).toEqual([]);
  });

  it("keeps an order that was placed while it looked", async () => {
    const [db, cache] = [orders(1), orders(1, 2)];
    const place = () => {
      db.set("orders-9", "new");
      cache.set("orders-9", "new");
    };
    const stack = [storeOf("db", db), storeOf("cache", cache, place)];
    expect(await run(stack, { direction: "discard" })).toEqual(["discarded orders-2 in cache"]);
    expect(cache.has("orders-9")).toBe(true);
  });

  it("leaves the elements of other workloads alone", async () => {
    const cache = new Map([...orders(1), ["ledger-7", "x"], ["orders-2-7", "y"], ["session", "z"]]);
    expect(await run([storeOf("db", orders()), storeOf("cache", cache)], { direction: "discard" })).toEqual([
      "discarded orders-1 in cache",
    ]);
    expect([...cache.keys()]).toEqual(["ledger-7", "orders-2-7", "session"]);
  });
});

describe("replay", () => {
  it("writes again what any copy still has, once, and takes nothing away", async () => {
    const [db, cache, store] = [orders(1), orders(1, 2), orders(2, 3)];
    const stack = [storeOf("db", db), storeOf("cache", cache), storeOf("store", store)];
    expect(await run(stack, { direction: "replay" })).toEqual(["replayed orders-2 in db", "replayed orders-3 in db"]);
    expect(db).toEqual(orders(1, 2, 3));
    expect([cache.size, store.size]).toEqual([2, 2]);
    expect(await run(stack, { direction: "replay" })).toEqual([]);
  });

  it("says nothing of an order that came back while it looked", async () => {
    const db = orders(1);
    const cache = storeOf("cache", orders(1, 2));
    const elements: Elements = {
      ...(cache as unknown as { elements: Elements }).elements,
      read: async (op) => (db.set(op, "content 2"), "content 2"),
    };
    expect(await run([storeOf("db", db), Object.assign(cache, { elements })], { direction: "replay" })).toEqual([]);
  });

  it("fails, and leaves alone, where two copies differ", async () => {
    const db = orders();
    const wrong = new Map([["orders-1", "another content"]]);
    const stack = [storeOf("db", db), storeOf("cache", orders(1, 2)), storeOf("store", wrong)];
    await expect(run(stack, { direction: "replay" })).rejects.toThrow("1 orders have copies that differ");
    expect([...db.keys()]).toEqual(["orders-2"]);
  });
});

it("fails where there is nothing to compare with", async () => {
  await expect(run([storeOf("db", orders())], { direction: "discard" })).rejects.toThrow("no other store");
  const mute = { name: "proxy", kind: "fake" } as unknown as Component;
  await expect(run([mute, storeOf("db", orders())], { direction: "discard" })).rejects.toThrow("no elements");
});
