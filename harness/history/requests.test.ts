import { describe, expect, it } from "vitest";
import type { Operation } from "../history.ts";
import { makeRequest } from "../workload/content.ts";
import { K6Samples } from "../workload/k6-samples.ts";
import { plannedOrders } from "../workload/testing.ts";
import { msAfter } from "../time.ts";
import { requestsIn } from "./requests.ts";

const MS = 1_000_000n;
const START_MS = 1_795_553_070_000;
const looks = [{ fromNs: 0n, toNs: 0n, wallNs: BigInt(START_MS) * MS, resolutionNs: 0n }];
const workload = plannedOrders(["db", "cache", "store"], { name: "users", kind: "service" });
const ok = { outcome: "ok" };

const order = (seq: number, status = 201): string => {
  const { op, sha256 } = makeRequest({ workload: "users", seed: 7, seq, transfers: 0 });
  const wallMs = START_MS + seq * 10;
  const stores = { db: status === 201 ? ok : { outcome: "info", error: "no answer" }, cache: ok, audit: ok };
  const told = { outcome: status === 201 ? "ok" : "info", error: null, stores };
  return [
    { k6: "sent", op, seq, sha256, vu: 1, dueMs: wallMs, wallMs },
    { k6: "ended", op, wallMs: wallMs + 5, status, ...told },
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
};
const end = (dropped = 0): string => `{"k6":"end","completed":2,"dropped":${dropped}}\n`;
const TEXT = order(0) + order(1, 504) + end();

/** The operations as the drill makes them of the same lines. */
function recorded(text = TEXT): Operation[] {
  const samples = new K6Samples({ workload: "users", seed: 7, stores: { db: "db", cache: "cache", audit: "store" } });
  samples.add(text);
  return samples.finish(looks).operations.map(({ dueNs, invokedNs, endedNs, ...plain }) => ({
    ...plain,
    dueMs: msAfter(0n, dueNs),
    invokedMs: msAfter(0n, invokedNs),
    endedMs: endedNs === null ? null : msAfter(0n, endedNs),
    node: null,
    lineage: null,
    position: null,
    version: null,
  }));
}

const read = (text = TEXT, operations = recorded(text), seed = 7) =>
  requestsIn(text, { workload, seed, looks, operations, originNs: 0n });

describe("requests out of k6's own lines", () => {
  it("are what users asked and got, and the operations agree", () => {
    expect(read()).toEqual({
      requests: [
        { workload: "users", op: "users-0", dueMs: 0, invokedMs: 0, endedMs: 6, status: 201 },
        { workload: "users", op: "users-1", dueMs: 10, invokedMs: 10, endedMs: 16, status: 504 },
      ],
      defects: [],
    });
  });

  it.each([
    ["an order was dropped", order(0) + order(1) + end(1), /k6 dropped 1 orders/],
    ["the end is missing", order(0) + order(1), /k6 ended without its last line/],
    ["an order is missing", order(1) + end(), /1 of 2 orders are missing/],
    ["a line is no line", `${order(0)}${order(1)}{"k6":"sent","op":3}\n${end()}`, /a line of k6 cannot be used/],
  ])("are no record when %s", (_, text, defect) => {
    expect(read(text).defects.join("; ")).toMatch(defect);
  });

  it("are no record of another seed", () => {
    expect(read(TEXT, recorded(), 8).defects[0]).toMatch(/is not number 0 of users with seed 8/);
  });

  it("find an operation that was left out, made up, or told otherwise", () => {
    const operations = recorded();
    expect(read(TEXT, operations.slice(1)).defects).toEqual([
      "they tell of 6 operations, 5 are recorded",
      "operation users-0 at db is not among the recorded ones",
    ]);
    const otherwise = operations.map((o) =>
      o.op === "users-1" && o.store === "db" ? { ...o, outcome: "ok" as const } : o,
    );
    expect(read(TEXT, otherwise).defects).toEqual(["operation users-1 at db is info there and ok in the record"]);
    const earlier = operations.map((o) => (o.op === "users-1" && o.store === "db" ? { ...o, invokedMs: 1 } : o));
    expect(read(TEXT, earlier).defects[0]).toMatch(/sent at another time/);
  });
});
