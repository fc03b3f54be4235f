import type { CheckControls } from "../control.ts";
import { setFacts } from "../edits.ts";
import { type DraftHistory, drill } from "../golden.ts";

const onPrimary = (values: Record<string, string>) => (h: DraftHistory) => {
  for (const at of ["steady", "fault"] as const) setFacts(h, at, "db.primary", values);
};

/** Passes whatever it finds: it says whether a drill without loss was safe or lucky, and its words are what counts. */
export const durabilitySettings: CheckControls = {
  check: "durability-settings",
  pass: [
    {
      name: "settings that guarantee zero loss",
      history: () => drill(),
      says: 'the settings guarantee zero loss: synchronous_commit=on on db.primary; synchronous_standby_names = FIRST 1 ("standby"): every commit waits for standby; fsync=on on db.standby',
    },
    {
      name: "settings that permit loss: nobody waits for the standby",
      history: () => drill({}, onPrimary({ synchronous_standby_names: "" })),
      says: "the settings permit loss: synchronous_standby_names is empty on db.primary: no standby has to confirm",
    },
    {
      name: "settings that permit loss: the standby that was promoted never syncs",
      history: () => drill({}, (h) => setFacts(h, "fault", "db.standby", { fsync: "off" })),
      says: "the settings permit loss: fsync=off on db.standby",
    },
  ],
  fail: [],
  unknown: [],
};
