import { expect, it } from "vitest";
import { drill, nsOf } from "../selftest/golden.ts";
import { addEvent } from "../selftest/edits.ts";
import { backupsOf, restoresOf } from "./backups.ts";

const taken = { component: "db", label: "monday", level: "full", dataBytes: 4_000, storedBytes: 1_000 };
const restored = { step: "test", node: "db.spare", backup: "monday", level: "full", dataBytes: 5_000, walBytes: 700 };
const at = { fromNs: nsOf(9_000), fetchedNs: nsOf(9_400), toNs: nsOf(10_000) };

it("backups and restores come out of the record with their durations", () => {
  const history = drill({}, (draft) => {
    addEvent(draft, 500, "backup-taken", { ...taken, fromNs: nsOf(250), toNs: nsOf(500) });
    addEvent(draft, 10_000, "restored", { ...restored, ...at });
  });
  expect(backupsOf(history)).toEqual([{ ...taken, tookMs: 250 }]);
  expect(restoresOf(history)).toEqual([{ ...restored, fetchMs: 400, replayMs: 600, backupAgeMs: 9_500 }]);
});

it("a restore from a backup that the record does not know has no age", () => {
  const history = drill({}, (draft) => addEvent(draft, 10_000, "restored", { ...restored, ...at }));
  expect(backupsOf(history)).toEqual([]);
  expect(restoresOf(history)[0]?.backupAgeMs).toBeNull();
});
