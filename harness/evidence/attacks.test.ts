/**
 * The ways to make a green report that is wrong, and the tests that show how each of them fails. A test that is renamed or gone
 * turns this list red, so that no attack loses its test unnoticed.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ATTACKS: readonly (readonly [attack: string, file: string, ...tests: string[]])[] = [
  [
    "run ten times and show the green one",
    "evidence/tamper",
    "attempts hidden: ten tries cannot be shown as the first",
  ],
  ["run ten times and show the green one, at the gate", "gate", "an older green run does not stand in for the newest"],
  ["kill the harness when it looks red", "gate", "a run that crashed"],
  ["kill the harness when it looks red, in the quarter", "period", "has every run, however it ended"],
  ["delete failing evidence", "evidence/period", "a pack that is gone, or was changed, is a gap that says why"],
  [
    "delete failing evidence and its entry",
    "evidence/tamper",
    "ledger entry removed and the tree rebuilt with the key",
  ],
  ["edit the report", "evidence/tamper", "report.json edited", "verdict in report.json edited"],
  ["edit a raw sample", "evidence/tamper", "raw sample edited", "lost write put into the read-back"],
  ["loosen objectives in the scenario", "evidence/tamper", "scenario edited: objective loosened"],
  [
    "loosen objectives after the result",
    "evidence/tamper",
    "intent re-signed by a stranger with looser objectives",
    "intent after fault",
  ],
  ["swap the scenario or use a softer fault", "gate", "another version of the scenario"],
  ["swap the scenario's text in the pack", "checkers/record", "other scenario"],
  ["a fault that does nothing", "checkers/record", "not proven", "not effective"],
  ["no load", "checkers/record", "wants a workload at all", "wants ten however low the rate"],
  ["faked clock", "checkers/record", "a preloaded library", "a store that drifts"],
  ["start the recovery clock late", "checkers/record", "sees a clock that starts too late"],
  ["stop at a lucky first success", "checkers/recovery", "does not end at a lucky first success"],
  ["pre-promoted standby", "checkers/record", '["received promote request", 4_900, "unknown"]'],
  ["fsync off", "checkers/guarantee", "fsync off on the promoted"],
  ["modified evaluator", "evidence/evaluator", "clean, dirty, and not known are three things"],
  ["own public key shipped with the pack", "evidence/tamper", "own key shipped with the pack"],
  [
    "development run relabelled",
    "evidence/tamper",
    "development relabelled attested",
    "development relabelled and signed again",
  ],
  ["old green report for ever", "gate", "an old run"],
  ["a scenario dropped from the catalogue", "suite/read-suite", "coverage that no drill gives"],
  ["a scenario that nobody runs", "period", "a scenario that was never drilled is a row of blanks"],
  ["a blind detector", "selftest/selftest", "with a blind checker it is red, names it, and is signed all the same"],
  ["n = 1 sold as P95", "statistics", "one run claims nothing and says what P95 and P99 would take"],
  ["lab sold as production", "controls", "is what the map says, but for clauses about time in a container lab"],
  [
    "one person runs, reviews and approves",
    "evidence/signoff",
    "one person runs, reviews and approves: the key of the drill cannot sign it off",
  ],
  [
    "an accepted deviation that never expires",
    "evidence/risk-acceptance",
    "an accepted deviation that never expires is not signed",
    "starts nothing with one that never expires, though a person signed it by hand",
    "a report that calls an expired one in force",
    "edited after it was signed, before the drill",
  ],
  [
    "an accepted deviation that never expires, at the gate",
    "gate",
    "accepted until yesterday",
    "expired before the drill",
  ],
  ["a deviation accepted after the result", "evidence/risk-acceptance", "added after the result"],
  ["one person runs and accepts what came of it", "evidence/risk-acceptance", "one who ran the drill and accepts"],
  ["a stolen key", "evidence/keyring", "a revoked one's word counts for nothing"],
  ["number in payload", "evidence/tamper", "number in payload"],
  [
    "event edited, removed and re-linked, last line cut",
    "evidence/tamper",
    "last journal line removed whole",
    "event removed and re-linked",
  ],
  ["re-signed with another key", "evidence/tamper", "re-signed with another key that the statement names"],
  ["wrong predicate type", "evidence/tamper", "wrong predicate type"],
  ["missing time token", "evidence/timestamp", "missing time token: without a witness it is development"],
  ["foreign sign-off namespace", "evidence/signoff", "foreign sign-off namespace"],
  [
    "file replaced in store",
    "evidence/worm",
    "file replaced in store",
    "retention shortened",
    "version gone from the store",
  ],
  ["a store that only says that it locks", "evidence/worm", "one is opened only behind a probe of these days"],
  ["file replaced", "evidence/tamper", "file replaced by another pack's", "file replaced by a link to the same bytes"],
  [
    "hidden run, by cutting the ledger",
    "evidence/worm",
    "a run that one side alone knows is named",
    "a receipt of half of the pack",
  ],
  ["hidden run", "evidence/tamper", "a run that never entered the ledger, found beside it"],
];

test.each(ATTACKS)("%s: %s has its test", (_attack, file, ...titles) => {
  const source = readFileSync(new URL(`../${file}.test.ts`, import.meta.url), "utf8");
  for (const title of titles) expect(source).toContain(title);
});
