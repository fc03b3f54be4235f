import type { CheckControls } from "../control.ts";
import { setFacts } from "../edits.ts";
import { drill } from "../golden.ts";

const said = (values: Record<string, string | undefined>) => () =>
  drill({}, (h) => setFacts(h, "recovered", "db.standby", values));

export const checksums: CheckControls = {
  check: "checksums",
  pass: [
    {
      name: "on, and none failed",
      history: () => drill(),
      says: "db.standby: data checksums are on and none has failed",
    },
  ],
  fail: [
    {
      name: "two failures counted",
      history: said({ checksum_failures: "2" }),
      says: "db.standby has counted 2 checksum failures",
    },
    {
      name: "switched off",
      history: said({ data_checksums: "off" }),
      says: "data checksums are off on db.standby: corruption would be read as data",
    },
  ],
  unknown: [
    {
      name: "no count of failures",
      history: said({ checksum_failures: undefined }),
      says: "db.standby did not say how many checksums failed",
    },
    {
      name: "no node that spoke",
      history: () => drill({}, (h) => void (h.facts = [])),
      says: "nothing is recorded of the node that serves db after the recovery",
    },
  ],
};
