import type { CheckControls } from "../control.ts";
import { drill, type DraftHistory } from "../golden.ts";

const NODE = "db.subscriber";

/** The golden drill with a third node that subscribes and has every row that was read back. */
const beside =
  (change: (h: DraftHistory) => void = () => undefined) =>
  () =>
    drill({}, (h) => {
      h.plan.verify.push("subscribers");
      const steady = h.facts.find((f) => f.at === "steady" && f.node === "db.standby")!;
      const subscription = JSON.stringify({ name: "subscriber", enabled: true });
      h.facts.push({ ...steady, node: NODE, values: { in_recovery: "false", serves: "false", subscription } });
      h.inventory = h.recovered.map(({ op, sha256 }) => ({ store: NODE, op, version: sha256 }));
      change(h);
    });

export const subscribers: CheckControls = {
  check: "subscribers",
  pass: [{ name: "all rows, each once", history: beside(), says: "db.subscriber has the 730 rows that are served" }],
  fail: [
    {
      name: "a gap of 57, one row twice and one of nobody else's",
      history: beside((h) => {
        const gap = h.inventory.filter((_, i) => i < 100 || i >= 157);
        h.inventory = [...gap, gap[7]!, { store: NODE, op: "other", version: "x" }];
      }),
      says: "db.subscriber does not have the 730 rows that are served: 57 missing, 1 of nobody else's, 1 repeated",
    },
  ],
  unknown: [
    {
      name: "it could not be read",
      history: beside((h) => void (h.inventory = [])),
      says: "no row of db.subscriber was read back",
    },
  ],
};
