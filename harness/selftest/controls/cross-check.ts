import type { CheckControls } from "../control.ts";
import { type DraftHistory, drill } from "../golden.ts";

/** The engine saw the node end so much earlier than it did. */
const engineEarlier = (byMs: bigint) => (h: DraftHistory) =>
  void (h.engineEvents = h.engineEvents.map((e) => ({ ...e, wallNs: e.wallNs - byMs * 1_000_000n })));
/** The standby was asked to promote itself before the harness decided so. */
const promotedEarly = (h: DraftHistory) =>
  void (h.logs = { "db.standby": "2026-11-23 10:00:04.900 UTC [42] LOG:  received promote request\n" });
const nobody = (h: DraftHistory) => {
  h.engineEvents = [];
  h.logs = {};
};

/** Never fails a drill: where our marks are contradicted, nothing is proven by them. */
export const crossCheck: CheckControls = {
  check: "cross-check",
  pass: [
    {
      name: "engine and server logs agree",
      history: () => drill(),
      says: 'within 10 ms of our marks: the engine\'s kill of db.primary, the engine\'s die of db.primary, "received promote request" in the log of db.standby, "selected new timeline ID" in the log of db.standby, "archive recovery complete" in the log of db.standby, "database system is ready to accept connections" in the log of db.standby',
    },
    {
      name: "nobody to compare with",
      history: () => drill({}, nobody),
      says: "neither the engine nor a server recorded an instant that our marks could be compared with",
    },
  ],
  fail: [],
  unknown: [
    {
      name: "the engine saw the end 100 ms before the fault",
      history: () => drill({}, engineEarlier(100n)),
      says: "the engine's kill of db.primary was 82 ms before our marks allow: the clock starts too late; the engine's die of db.primary was 30 ms before our marks allow: the clock starts too late",
    },
    {
      name: "a promotion in the log before the decision",
      history: () => drill({}, promotedEarly),
      says: '"received promote request" in the log of db.standby was 700 ms before our marks allow: the clock starts too late',
    },
  ],
};
