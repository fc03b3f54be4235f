import { describe, expect, it } from "vitest";
import { makeRequest } from "./content.ts";
import { K6Samples, type OrderHistory, type OrderOperation } from "./k6-samples.ts";
import type { WallLook } from "./wall-clock.ts";

const MS = 1_000_000n;
const SOURCE = { workload: "k6", seed: 7, stores: { db: "orders-db", cache: "orders-cache", audit: "orders-audit" } };
const START_MS = 1_795_553_070_975;
/** The wall clock showed START_MS at the monotonic instant 0. */
const LOOKS: WallLook[] = [{ fromNs: 0n, toNs: 0n, wallNs: BigInt(START_MS) * MS, resolutionNs: 0n }];

/** As the script said them in a real run with seed 7. */
const GOLDEN = `
{"k6":"sent","op":"k6-0","seq":0,"sha256":"a3ac489b03dd4beed9ebb676cc685a67435a65c63384c9261a8ae78b70db5306","vu":1,"dueMs":1795553070975,"wallMs":1795553070980}
{"k6":"sent","op":"k6-1","seq":1,"sha256":"3d941503724c892a5983bdac6d2bba65a3fa8b54b643e67360d9952def3222dc","vu":3,"dueMs":1795553070985,"wallMs":1795553070985}
{"k6":"ended","op":"k6-1","wallMs":1795553070999,"status":503,"outcome":"fail","error":"status 503","stores":{"db":{"outcome":"ok","node":"primary","timeline":1,"lsn":"0/15C2A50"},"cache":{"outcome":"fail","error":"no connection"},"audit":{"outcome":"ok","versionId":null,"etag":"\\"c686\\""}}}
{"k6":"ended","op":"k6-0","wallMs":1795553071199,"status":201,"outcome":"ok","error":null,"stores":{"db":{"outcome":"ok","node":"primary","timeline":1,"lsn":"0/15C2978"},"cache":{"outcome":"ok","replicas":0},"audit":{"outcome":"ok","versionId":"v1","etag":"\\"f4e3\\""}}}
{"k6":"end","completed":2,"dropped":0}
`.trimStart();

const sent = (seq: number, more: object = {}): string => {
  const { op, sha256 } = makeRequest({ workload: "k6", seed: 7, seq, transfers: 0 });
  const dueMs = START_MS + seq * 10;
  return `${JSON.stringify({ k6: "sent", op, seq, sha256, vu: 1, dueMs, wallMs: dueMs, ...more })}\n`;
};
const ok = { outcome: "ok" };
const ended = (seq: number, more: object = {}): string =>
  `${JSON.stringify({ k6: "ended", op: `k6-${seq}`, wallMs: START_MS + seq * 10 + 5, status: 201, outcome: "ok", error: null, stores: { db: ok, cache: ok, audit: ok }, ...more })}\n`;
const end = (completed: number, dropped = 0): string => `${JSON.stringify({ k6: "end", completed, dropped })}\n`;

function read(output: string, looks: readonly WallLook[] = LOOKS, pieceChars = output.length): OrderHistory {
  const samples = new K6Samples(SOURCE);
  for (let at = 0; at < output.length; at += pieceChars) samples.add(output.slice(at, at + pieceChars));
  return samples.finish(looks);
}
const outcomes = ({ operations }: OrderHistory): string[] =>
  operations.map(({ op, store, outcome }: OrderOperation) => `${op} ${store} ${outcome}`);

describe("a whole record", () => {
  it("has an operation for each order and store, by number", () => {
    const history = read(GOLDEN);
    expect(history.requests).toEqual([
      { op: "k6-0", seq: 0, dueNs: 0n, invokedNs: 5n * MS, endedNs: 225n * MS, status: 201, error: null },
      { op: "k6-1", seq: 1, dueNs: 10n * MS, invokedNs: 10n * MS, endedNs: 25n * MS, status: 503, error: "status 503" },
    ]);
    expect(history).toMatchObject({ orders: 2, dropped: 0, notes: [], clockErrorNs: MS, defects: [] });
    expect(outcomes(history)).toEqual([
      "k6-0 orders-db ok",
      "k6-0 orders-cache ok",
      "k6-0 orders-audit ok",
      "k6-1 orders-db ok",
      "k6-1 orders-cache fail",
      "k6-1 orders-audit ok",
    ]);
  });

  it("keeps hash, proof, error and instants that the true ones lie within", () => {
    const { operations } = read(GOLDEN);
    expect(operations[0]).toEqual({
      op: "k6-0",
      store: "orders-db",
      workload: "k6",
      seq: 0,
      kind: "insert",
      sha256: "a3ac489b03dd4beed9ebb676cc685a67435a65c63384c9261a8ae78b70db5306",
      dueNs: 0n,
      invokedNs: 5n * MS,
      endedNs: 225n * MS, // it showed 224 until then
      outcome: "ok",
      error: null,
      proof: { node: "primary", timeline: 1, lsn: "0/15C2978" },
      conn: 1,
    });
    expect(operations[2]?.proof).toEqual({ versionId: "v1", etag: '"f4e3"' });
    expect(operations[4]).toMatchObject({ outcome: "fail", error: "no connection", proof: {}, conn: 3 });
  });

  it.each([1, 7, 100])("does not depend on how the output is cut: pieces of %i", (pieceChars) =>
    expect(read(GOLDEN, LOOKS, pieceChars)).toEqual(read(GOLDEN)),
  );

  it("does not depend on the order of the lines before the last", () => {
    const lines = GOLDEN.trimEnd().split("\n");
    const shuffled = [lines[3], lines[1], lines[2], lines[0], lines[4], ""].join("\n");
    expect(read(shuffled)).toEqual(read(GOLDEN));
  });

  it("has k6's own words as notes, each once", () => {
    const warning = "Request Failed\n";
    const { notes, defects } = read(`${warning}${sent(0)}${warning}\n${ended(0)}${end(1)}`);
    expect({ notes, defects }).toEqual({ notes: ["Request Failed"], defects: [] });
  });
});

describe("an order without the stores' answers", () => {
  it.each<[string, string, object]>([
    ["fail", "never reached the service", { status: 0, outcome: "fail", error: "dial: connection refused" }],
    ["info", "timed out", { status: 0, outcome: "info", error: "request timeout" }],
    ["fail", "was refused as it was", { status: 400, outcome: "fail", error: "status 400" }],
    ["info", "is said to be done", { status: 201, outcome: "ok", error: null }],
  ])("is %s at each store when it %s", (outcome, _, answer) => {
    const history = read(sent(0) + ended(0, { ...answer, stores: null }) + end(1));
    expect(history.operations.map((o) => o.outcome)).toEqual([outcome, outcome, outcome]);
    expect(history.operations.every((o) => o.error !== null)).toBe(true);
    expect(history.defects).toEqual([]);
  });

  it("is in doubt and without an end when k6 was stopped meanwhile", () => {
    const history = read(sent(0) + ended(0) + sent(1) + end(1));
    expect(history.defects).toEqual([]);
    expect(history.operations[3]).toMatchObject({ op: "k6-1", outcome: "info", endedNs: null, invokedNs: 10n * MS });
  });
});

describe("a record that proves nothing", () => {
  it.each<[string, string, string]>([
    ["a k6 that was killed", sent(0) + ended(0), "k6 ended without its last line, so nobody knows what it dropped"],
    ["a line that was cut", sent(0) + ended(0).slice(0, 50), "the last line of k6 was cut off"],
    ["dropped orders", sent(0) + ended(0) + end(1, 3), "k6 dropped 3 orders: no client was free when they were due"],
    ["a gap", sent(0) + sent(3) + end(0), "2 of 4 orders are missing from k6's lines"],
    ["an order sent twice", sent(0) + sent(0) + end(0), "order k6-0 was sent twice"],
    ["an order ended twice", sent(0) + ended(0) + ended(0) + end(1), "order k6-0 ended twice"],
    ["an end without a beginning", ended(0) + end(1), "order k6-0 ended and was never sent"],
    ["a lost end", sent(0) + end(1), "k6 completed 1 orders, the end of 0 is recorded"],
    ["a line after the last", sent(0) + end(0) + ended(0), "k6 went on after its last line"],
    ["another seed", sent(0, { sha256: "f".repeat(64) }) + end(0), "order k6-0 is not number 0 of k6 with seed 7"],
    ["another number", sent(0, { op: "k6-1" }) + end(0), "order k6-1 is not number 0 of k6 with seed 7"],
    ["nonsense", `{"k6":"sent"}\n${end(0)}`, 'a line of k6 cannot be used: {"k6":"sent"}'],
    ["an unknown outcome", sent(0) + ended(0, { outcome: "maybe" }) + end(0), "a line of k6 cannot be used: "],
  ])("says so: %s", (_, output, defect) =>
    expect(read(output).defects).toContainEqual(expect.stringContaining(defect)),
  );

  it("takes the first of two lines that contradict each other", () => {
    const history = read(sent(0) + ended(0) + ended(0, { outcome: "fail", stores: null }) + end(1));
    expect(history.operations[0]?.outcome).toBe("ok");
  });

  it("has no instants when nobody looked at the clock", () => {
    const history = read(GOLDEN, []);
    expect(history.operations).toEqual([]);
    expect(history.defects).toEqual(["nobody looked at the clock that k6 tells the time by"]);
  });

  it("stays short however much is wrong", () => {
    const many = Array.from({ length: 500 }, (_, seq) => ended(seq)).join("");
    expect(read(many + end(500)).defects).toHaveLength(4);
  });

  it("does not end an order before it was sent when the clock went back", () => {
    const { operations } = read(sent(0) + ended(0, { wallMs: START_MS - 500 }) + end(1));
    expect(operations[0]).toMatchObject({ invokedNs: 0n, endedNs: MS });
  });
});
