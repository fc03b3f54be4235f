import { describe, expect, it } from "vitest";
import { subscribers } from "./subscribers.ts";
import { dropEvents, setEvent } from "../selftest/edits.ts";
import { drill, type DraftHistory } from "../selftest/golden.ts";

const NODE = "db.subscriber";
const SUBSCRIPTION = JSON.stringify({ name: "subscriber", enabled: true });

/** The golden drill with a third node that subscribes and has every row that was read back. */
const withSubscriber = (change: (h: DraftHistory) => void = () => undefined) =>
  drill({}, (h) => {
    const steady = h.facts.find((f) => f.at === "steady" && f.node === "db.standby")!;
    h.facts.push({
      ...steady,
      node: NODE,
      values: { in_recovery: "false", serves: "false", subscription: SUBSCRIPTION },
    });
    h.inventory = h.recovered.map(({ op, sha256 }) => ({ store: NODE, op, version: sha256 }));
    change(h);
  });

const found = (change?: (h: DraftHistory) => void) => subscribers.check(withSubscriber(change));

describe("a subscriber against the node that serves", () => {
  it("passes with all rows, each once", () => {
    expect(found()).toMatchObject({ verdict: "pass", detail: "db.subscriber has the 730 rows that are served" });
  });

  it.each<[string, (h: DraftHistory) => void, string]>([
    ["a gap", (h) => void (h.inventory = h.inventory.filter((_, i) => i < 100 || i >= 157)), "57 missing"],
    [
      "rows that the serving node never had",
      (h) => h.inventory.push(...[1, 2, 3].map((n) => ({ store: NODE, op: `other-${n}`, version: "x" }))),
      "3 of nobody else's",
    ],
    ["a row applied twice", (h) => h.inventory.push(h.inventory[7]!), "1 repeated"],
    [
      "another content",
      (h) => void (h.inventory = h.inventory.map((row, i) => (i < 2 ? { ...row, version: "x" } : row))),
      "2 of another content",
    ],
  ])("finds %s", (_, change, words) => {
    expect(found(change)).toMatchObject({
      verdict: "fail",
      detail: `db.subscriber does not have the 730 rows that are served: ${words}`,
    });
  });

  it("counts everything that is wrong at once", () => {
    const wrong = found((h) => {
      h.inventory = [...h.inventory.slice(10), h.inventory[20]!, { store: NODE, op: "other", version: "x" }];
    });
    expect(wrong.detail).toContain("10 missing, 1 of nobody else's, 1 repeated");
  });

  it.each<[string, (h: DraftHistory) => void, string]>([
    ["it could not be read", (h) => void (h.inventory = []), "no row of db.subscriber was read back"],
    [
      "there is none",
      (h) => void (h.facts = h.facts.filter(({ node }) => node !== NODE)),
      "no logical standby is left beside the node that serves",
    ],
    ["nothing was read back", (h) => dropEvents(h, "phase-ended"), "nothing was read back"],
    ["reading back broke off", (h) => setEvent(h, "phase-ended", { error: "it broke" }, 4), "nothing was read back"],
  ])("is unknown when %s", (_, change, words) => {
    expect(found(change)).toMatchObject({ verdict: "unknown", detail: expect.stringContaining(words) });
  });
});
