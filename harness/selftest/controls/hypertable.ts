import type { CheckControls } from "../control.ts";
import { drill } from "../golden.ts";

const LOADED = {
  "timescale.chunks": "10",
  "timescale.rows": "20000",
  "timescale.digest": "d1",
  "timescale.compression": "9 chunks, 1.95 to 1",
};
const WRITTEN = { ...LOADED, "timescale.write": "ok" };

/** The golden drill with a hypertable: what the primary said of it before the fault, and the standby after the recovery. */
const judged = (before: Record<string, string>, after: Record<string, string>) => () =>
  drill({}, (h) => {
    h.plan.components[0]!.config = { version: 17, timescale: true, standbys: [] };
    h.plan.verify.push("hypertable");
    h.facts = h.facts.map((f) => {
      if (f.at === "steady" && f.node === "db.primary") return { ...f, values: { ...f.values, ...before } };
      return f.at === "recovered" && f.node === "db.standby" ? { ...f, values: { ...f.values, ...after } } : f;
    });
  });

const without = (fact: string, values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== `timescale.${fact}`));

const WRITES = "it takes rows, in a chunk that was there and in a new one";

export const hypertable: CheckControls = {
  check: "hypertable",
  pass: [
    {
      name: "all chunks and rows, and a write",
      history: judged(LOADED, WRITTEN),
      says: `10 of 10 chunks and 20,000 of 20,000 rows are on db.standby, with the same content; compression: 9 chunks, 1.95 to 1; ${WRITES}`,
    },
  ],
  fail: [
    {
      name: "a chunk and its 2,016 rows are gone",
      history: judged(LOADED, { ...WRITTEN, "timescale.chunks": "9", "timescale.rows": "17984" }),
      says: `9 of 10 chunks and 17,984 of 20,000 rows are on db.standby; ${WRITES}`,
    },
    {
      name: "a library that is not preloaded",
      history: judged(LOADED, { ...LOADED, "timescale.write": "terminating connection" }),
      says: "10 of 10 chunks and 20,000 of 20,000 rows are on db.standby, with the same content; compression: 9 chunks, 1.95 to 1; a write to it fails on db.standby: terminating connection",
    },
  ],
  unknown: [
    {
      name: "nobody looked before the fault",
      history: judged({}, WRITTEN),
      says: `nothing is recorded of the hypertable before the fault; ${WRITES}`,
    },
    {
      name: "compression not known on either side",
      history: judged(without("compression", LOADED), without("compression", WRITTEN)),
      says: `10 of 10 chunks and 20,000 of 20,000 rows are on db.standby, with the same content; compression was not known, and is not known; ${WRITES}`,
    },
    {
      name: "content not known on either side",
      history: judged(without("digest", LOADED), without("digest", WRITTEN)),
      says: `10 of 10 chunks and 20,000 of 20,000 rows are on db.standby; whether with the same content is not known; ${WRITES}`,
    },
  ],
};
