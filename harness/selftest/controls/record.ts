import type { CheckControls } from "../control.ts";
import { dropEvents, setEvent } from "../edits.ts";
import { drill } from "../golden.ts";
import type { RawFiles } from "../raw-files.ts";

const edit =
  (name: string, change: (text: string) => string) =>
  (files: RawFiles): void =>
    void files.set(name, change(files.get(name) ?? ""));

/** Never fails a drill: by a broken record nothing is proven, not even a failure. */
export const record: CheckControls = {
  check: "record",
  pass: [
    {
      name: "a whole record",
      history: () => drill(),
      says: "27 journal entries, 800 operations and 730 elements read back, without a gap",
    },
  ],
  fail: [],
  unknown: [
    {
      name: "a gap in the ledger",
      history: () => drill({}, (h) => void h.operations.splice(400, 1)),
      says: "ledger has a gap: number 400 is missing; the workload issued 800 operations, 799 are recorded",
    },
    {
      name: "the last operation cut off",
      history: () => drill(),
      damage: edit("operations.jsonl", (text) => text.slice(0, -20)),
      says: "raw/operations.jsonl is truncated: its last line, 800, was cut off; the workload issued 800 operations, 799 are recorded",
    },
    {
      name: "a journal entry changed by hand",
      history: () => drill(),
      damage: edit("events.jsonl", (text) => text.replace("412 packets dropped", "999 packets dropped")),
      says: "raw/events.jsonl line 13: the chain is broken",
    },
    {
      name: "a file missing",
      history: () => drill(),
      damage: (files) => void files.delete("recovered.jsonl"),
      says: "raw/recovered.jsonl is missing",
    },
    {
      name: "a softer scenario put in",
      history: () => drill(),
      damage: edit("scenario.yaml", (text) => `${text}# softer\n`),
      says: "raw/scenario.yaml has sha256 bf9d18b52bd5285825a20353e0a41f28763f93b838d168241be9a9f173025cc1, the plan was made from de98008b90285b23180de4bf9a0bfea0036d3457388173fddb8b8b11be79b94b",
    },
    {
      name: "a run without an end",
      history: () => drill({}, (h) => dropEvents(h, "run-ended")),
      says: "raw/events.jsonl has no run-ended at its end; the run was cut off: it has no end in the journal",
    },
    {
      name: "an aborted run",
      history: () => drill({}, (h) => setEvent(h, "run-ended", { outcome: "aborted", error: "the engine went away" })),
      says: "the run was aborted: the engine went away",
    },
  ],
};
