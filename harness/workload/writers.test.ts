import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { WriteResult } from "../component.ts";
import { clientsOf } from "./clients.ts";
import { FakeStore, newLog, ok, plannedOrders } from "./testing.ts";
import { Writers } from "./writers.ts";

const REFUSED: WriteResult = { outcome: "fail", error: "refused" };

function bench(changes: Parameters<typeof plannedOrders>[1] = {}) {
  const stores = ["db", "cache", "store"].map((name) => new FakeStore(name)) as [FakeStore, FakeStore, FakeStore];
  const plan = plannedOrders(
    stores.map(({ name }) => name),
    changes,
  );
  const log = newLog();
  const writers = new Writers(
    plan,
    stores.map((store) => store.component),
    log.log,
    7,
  );
  const linesOf = (store: string) => log.log.operations.filter((o) => o.store === store);
  return { stores, log, writers, linesOf };
}

/** Until so many operations have ended in the store. */
const ended = (lines: () => readonly { endedNs: bigint | null }[], count: number) =>
  vi.waitFor(() => expect(lines().filter((o) => o.endedNs !== null).length).toBeGreaterThanOrEqual(count), {
    timeout: 5_000,
    interval: 2,
  });

describe("an order goes to every store in turn", () => {
  it("is recorded once a store before anything is sent, with one id and one hash", async () => {
    const { stores, log, writers } = bench();
    stores[0].answer = ({ op }) => {
      expect(log.open().match(new RegExp(`"op":"${op}",`, "g"))).toHaveLength(3);
      return ok("db");
    };
    await writers.start();
    await ended(() => log.log.operations, 30);
    const recorded = await writers.stop();
    const lines = await log.folded();
    expect(lines).toHaveLength(recorded);
    expect(recorded % 3).toBe(0);
    for (const [seq, order] of Map.groupBy(lines, (line) => line["seq"])) {
      expect(order.map((line) => line["store"])).toEqual(["db", "cache", "store"]);
      expect(new Set(order.map((line) => `${String(line["op"])} ${String(line["sha256"])}`)).size, String(seq)).toBe(1);
    }
  });

  it("has an end of its own in each store, and is sent to the next only when the one before has acknowledged", async () => {
    const { stores, log, writers, linesOf } = bench();
    stores[1].answer = async () => {
      await sleep(3);
      return ok("cache");
    };
    await writers.start();
    await ended(() => linesOf("store"), 10);
    await writers.stop();
    const [db, cache, store] = ["db", "cache", "store"].map((name) => linesOf(name).filter((o) => o.outcome === "ok"));
    expect(store!.length).toBeGreaterThanOrEqual(10);
    for (const [i, last] of store!.entries()) {
      expect(cache![i]!.invokedNs).toBeGreaterThanOrEqual(db![i]!.endedNs!);
      expect(last.invokedNs).toBeGreaterThanOrEqual(cache![i]!.endedNs!);
      expect(cache![i]!.endedNs! - cache![i]!.invokedNs).toBeGreaterThan(2_000_000n);
    }
    await log.folded();
  });

  it.each<[string, WriteResult]>([
    ["refused", REFUSED],
    ["unanswered", { outcome: "info", error: "no answer within 50 ms" }],
  ])("is not sent on where a store left it %s", async (_, answer) => {
    const { stores, writers, linesOf } = bench();
    stores[1].answer = () => answer;
    await writers.start();
    await ended(() => linesOf("store"), 10);
    await writers.stop();
    expect(stores[2].seen).toEqual([]);
    expect(linesOf("db").filter((o) => o.outcome === "ok").length).toBeGreaterThanOrEqual(10);
    expect(new Set(linesOf("cache").map((o) => o.outcome))).toContain(answer.outcome);
    for (const later of linesOf("store")) expect(later).toMatchObject({ outcome: "fail", conn: null });
    expect(linesOf("store")[0]!.error).toBe("not sent: cache did not acknowledge it");
  });

  it("gives an order up in every store when no client was free in time", async () => {
    const { stores, writers, linesOf } = bench({ connections: 1 });
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    stores[0].answer = async () => {
      await held;
      return ok("db");
    };
    await writers.start();
    await ended(() => linesOf("store"), 5);
    release();
    await writers.stop();
    const givenUp = linesOf("db").filter((o) => o.error?.startsWith("no connection was free"));
    expect(givenUp.length).toBeGreaterThanOrEqual(5);
    for (const { seq } of givenUp)
      for (const store of ["cache", "store"])
        expect(linesOf(store).find((o) => o.seq === seq)).toMatchObject({ outcome: "fail", conn: null });
  });

  it("opens only the broken connection again", async () => {
    const { stores, writers, linesOf } = bench({ connections: 1 });
    await writers.start();
    await ended(() => linesOf("store"), 3);
    stores[1].cut();
    const before = linesOf("store").filter((o) => o.outcome === "ok").length;
    await vi.waitFor(() => expect(stores[1].connections).toBe(2), { timeout: 5_000, interval: 2 });
    await vi.waitFor(() =>
      expect(linesOf("store").filter((o) => o.outcome === "ok").length).toBeGreaterThan(before + 3),
    );
    await writers.stop();
    expect(stores.map((store) => store.connections)).toEqual([1, 2, 1]);
  });

  it("stops while a store cannot be reached, and says so twice alike", async () => {
    const { stores, log, writers, linesOf } = bench();
    await writers.start();
    await ended(() => linesOf("store"), 3);
    stores[2].open = false;
    stores[2].cut();
    await ended(() => linesOf("store").filter((o) => o.outcome === "fail"), 3);
    const recorded = await writers.stop();
    expect(await writers.stop()).toBe(recorded);
    expect(await log.folded()).toHaveLength(recorded);
  });
});

it("never begins when it was stopped while its connections were opened", async () => {
  const { log, writers } = bench();
  const starting = writers.start();
  expect(await writers.stop()).toBe(0);
  await starting;
  await sleep(50); // ten of its ticks
  expect(log.log.operations).toEqual([]);
});

it("refuses a kind of workload that nobody plays", () => {
  const startProgram = () => Promise.reject(new Error("none"));
  const context = { targets: [], log: newLog().log, seed: 1, rawDir: "", startProgram, lost: () => undefined };
  const plan = plannedOrders(["db"], { kind: "nonsense" });
  expect(() => clientsOf({ plan, ...context })).toThrow("nonsense");
  expect(clientsOf({ plan: { ...plan, kind: "ledger" }, ...context })).toBeInstanceOf(Writers);
});
