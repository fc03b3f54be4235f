import { expect, it } from "vitest";
import { resultOf } from "./service-proof.ts";

it.each([
  [
    "a row",
    { outcome: "ok", node: "primary", timeline: 2, lsn: "0/15C2A50" },
    { outcome: "ok", node: "db.primary", lineage: "2", position: "0/15C2A50" },
  ],
  [
    "an entry",
    { outcome: "ok", replicas: 0, node: "primary", replid: "8f3a", offset: "4711" },
    { outcome: "ok", node: "db.primary", lineage: "8f3a", position: "4711" },
  ],
  [
    "an object",
    { outcome: "ok", versionId: "v1", etag: "e" },
    { outcome: "ok", node: null, lineage: null, position: null, version: "v1" },
  ],
  [
    "an object of a bucket without versions",
    { outcome: "ok", versionId: null, etag: "e" },
    { outcome: "ok", node: null, lineage: null, position: null },
  ],
] as const)("keeps what the store said of %s", (_, answer, result) => expect(resultOf("db", answer)).toEqual(result));

it("keeps a refusal and a doubt", () => {
  expect(resultOf("db", { outcome: "fail", error: "no connection" })).toEqual({
    outcome: "fail",
    error: "no connection",
  });
  expect(resultOf("db", { outcome: "info", error: "no answer" })).toMatchObject({ outcome: "info" });
});
