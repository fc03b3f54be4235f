import type { CheckControls } from "../control.ts";
import { setFacts } from "../edits.ts";
import { drill } from "../golden.ts";

const said = (values: Record<string, string | undefined>) => () =>
  drill({}, (h) => setFacts(h, "recovered", "db.standby", values));

export const amcheck: CheckControls = {
  check: "amcheck",
  pass: [{ name: "nothing reported", history: () => drill(), says: "db.standby: pg_amcheck reports nothing" }],
  fail: [
    {
      name: "corruption reported",
      history: said({ "amcheck.exit": "2", "amcheck.output": "heap tuple (0,7) lacks matching index tuple" }),
      says: "pg_amcheck exited 2 on db.standby: heap tuple (0,7) lacks matching index tuple",
    },
  ],
  unknown: [
    {
      name: "the tool is missing",
      history: said({ "amcheck.exit": "127" }),
      says: "pg_amcheck exited 127 on db.standby",
    },
    { name: "not run", history: said({ "amcheck.exit": undefined }), says: "pg_amcheck was not run on db.standby" },
  ],
};
