import { describe, expect, it } from "vitest";
import { hypertable } from "./hypertable.ts";
import { drill, type DraftHistory } from "../selftest/golden.ts";

const LOADED = {
  "timescale.chunks": "10",
  "timescale.rows": "20000",
  "timescale.digest": "d1",
  "timescale.compression": "not in this build (apache)",
};
const WRITTEN = { ...LOADED, "timescale.write": "ok" };

/** The golden drill with a hypertable: what the primary said of it before the fault, and the standby after the recovery. */
const judged = (
  before: Record<string, string> | null,
  after: Record<string, string>,
  change?: (h: DraftHistory) => void,
) =>
  hypertable.check(
    drill({}, (h) => {
      h.plan.components[0]!.config = { version: 17, timescale: true, standbys: [] };
      h.facts = h.facts.map((f) => {
        if (f.at === "steady" && f.node === "db.primary") return { ...f, values: { ...f.values, ...before } };
        return f.at === "recovered" && f.node === "db.standby" ? { ...f, values: { ...f.values, ...after } } : f;
      });
      change?.(h);
    }),
  );

describe("a hypertable", () => {
  it("that has everything and takes rows passes, and the counts are told", () => {
    expect(judged(LOADED, WRITTEN)).toMatchObject({
      verdict: "pass",
      detail:
        "10 of 10 chunks and 20,000 of 20,000 rows are on db.standby, with the same content; compression: not in this build (apache); it takes rows, in a chunk that was there and in a new one",
    });
  });

  it("that lacks a chunk and its 2,016 rows fails, with both counts", () => {
    const after = { ...WRITTEN, "timescale.chunks": "9", "timescale.rows": "17984", "timescale.digest": "d2" };
    expect(judged(LOADED, after)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("9 of 10 chunks and 17,984 of 20,000 rows are on db.standby;"),
    });
  });

  it("that has as many rows with other content fails", () => {
    expect(judged(LOADED, { ...WRITTEN, "timescale.digest": "d2" })).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("20,000 of 20,000 rows are on db.standby, and their content is another"),
    });
  });

  it("whose chunks are compressed another way than they were fails, with both", () => {
    const before = { ...LOADED, "timescale.compression": "9 chunks, 1.95 to 1" };
    expect(judged(before, { ...WRITTEN, "timescale.compression": "8 chunks, 1.95 to 1" })).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("compression was 9 chunks, 1.95 to 1, and is 8 chunks, 1.95 to 1"),
    });
  });

  it("that can be counted and not written to fails, with the server's words", () => {
    const after = { ...LOADED, "timescale.write": 'extension "timescaledb" must be preloaded\nmore' };
    expect(judged(LOADED, after)).toMatchObject({
      verdict: "fail",
      detail: expect.stringMatching(
        /^10 of 10 chunks .*; a write to it fails on db\.standby: extension "timescaledb" must be preloaded$/,
      ),
    });
  });

  it("that the server refuses to read fails, whatever a write came to", () => {
    const after = { "timescale.refused": "could not access file", "timescale.write": "could not access file" };
    expect(judged(LOADED, after)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("the hypertable cannot be read on db.standby: could not access file"),
    });
  });

  it("of which something was not learnt is unknown: before the fault, after it, or whether it takes rows", () => {
    expect(judged(null, WRITTEN)).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("before the fault"),
    });
    expect(judged(LOADED, { "timescale.unread": "no answer within 30000 ms", "timescale.write": "ok" })).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("did not say what is in the hypertable: no answer within 30000 ms"),
    });
    expect(judged(LOADED, { ...LOADED, "timescale.unwritten": "no answer within 30000 ms" })).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("nobody wrote to it on db.standby: no answer within 30000 ms"),
    });
  });

  it("whose content or compression is known on one side only, or on neither, is unknown", () => {
    const without = (fact: string, values: Record<string, string>) =>
      Object.fromEntries(Object.entries(values).filter(([name]) => name !== `timescale.${fact}`));
    for (const fact of ["digest", "compression"])
      for (const [before, after] of [
        [without(fact, LOADED), WRITTEN],
        [LOADED, without(fact, WRITTEN)],
        [without(fact, LOADED), without(fact, WRITTEN)],
      ] as const)
        expect(judged(before, after)).toMatchObject({
          verdict: "unknown",
          detail: expect.stringContaining("not known"),
        });
    expect(judged({ ...LOADED, "timescale.digest": "" }, { ...WRITTEN, "timescale.digest": "" }).verdict).toBe(
      "unknown",
    );
  });

  it("of one row counts it as one", () => {
    const one = { "timescale.chunks": "1", "timescale.rows": "1" };
    expect(judged({ ...LOADED, ...one }, { ...WRITTEN, ...one }).detail).toContain(
      "1 of 1 chunk and 1 of 1 row are on",
    );
  });

  it("that lacks rows fails, also where nobody knows whether it takes any", () => {
    expect(judged(LOADED, { ...LOADED, "timescale.rows": "19999" }).verdict).toBe("fail");
  });

  it("is nothing to judge where no store has one", () => {
    const none = (h: DraftHistory) => void (h.plan.components[0]!.config = { version: 17, standbys: [] });
    expect(judged(LOADED, WRITTEN, none)).toMatchObject({ verdict: "unknown" });
  });
});
