import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { firstDifference } from "./json.ts";
import { exists, readBounded, sha256 } from "./files.ts";
import { attemptsAt, openIntents, type LedgerEntry } from "./ledger-entries.ts";
import { readLedgerDir } from "./ledger.ts";
import { rootOf } from "./merkle.ts";
import { MAX_BYTES, PACK } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import type { IntentPredicate } from "./statement.ts";
import type { ProvenEntries } from "./verify-checks.ts";

/**
 * The whole ledger that a pack says it is from: nothing missing, moved or ended twice, the pack's head is an earlier state of
 * it, the number of attempts is right, and every pack beside it is entered. Returns a sentence; refuses with exit 5.
 */
export function checkLedger(
  ledgerDir: string,
  key: string,
  proven: Pick<ProvenEntries, "head">,
  intent: IntentPredicate,
): string {
  const { entries, leaves, problems } = readLedgerDir(ledgerDir, key);
  if (problems.length > 0) throw refusal(problems.slice(0, 5).join("; "));
  const { head } = proven;
  if (entries.length < head.size)
    throw refusal(`the ledger has ${entries.length} entries and the pack has seen ${head.size}: some were removed`);
  if (!rootOf(leaves.slice(0, head.size)).equals(head.root))
    throw refusal(`the ledger's first ${head.size} entries are not the ones that the pack has seen: it was rewritten`);
  checkAttempts(entries, intent);
  const packs = checkPacks(dirname(ledgerDir), entries);
  const open = openIntents(entries).length;
  return `${entries.length} entries without a gap, ${open} still open; ${packs}`;
}

/** "Attempt 3 in 30 days" is counted again from the ledger. */
function checkAttempts(entries: readonly LedgerEntry[], intent: IntentPredicate): void {
  const before = entries.slice(0, intent.ledger.index);
  const counted = attemptsAt(before, intent.scenario.id, intent.attempts.windowDays, new Date(intent.signedAt));
  const difference = firstDifference(counted, intent.attempts, "attempts in ledger and intent");
  if (difference !== null) throw refusal(difference);
}

/** Packs that lie beside the ledger must be in it as they are. Packs that are gone are counted: retention may have removed them. */
function checkPacks(reportsDir: string, entries: readonly LedgerEntry[]): string {
  const entered = new Map(
    entries.filter((entry) => entry.kind === "intent").map((entry) => [entry.run, entry.bundleSha256]),
  );
  const digests = new Set(entered.values());
  const runs = readdirSync(reportsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && exists(join(reportsDir, entry.name, PACK.intent)))
    .map((entry) => entry.name);
  for (const run of runs) {
    const bytes = readBounded(join(reportsDir, run, PACK.intent), `${PACK.intent} of another run`, MAX_BYTES.bundle);
    if (!digests.has(sha256(bytes)))
      throw refusal(`the run in ${JSON.stringify(run)} has a signed intent and is not in the ledger`);
  }
  const gone = [...entered.keys()].filter((run) => !runs.includes(run)).length;
  return gone === 0 ? "every run's pack is beside it" : `${gone} of ${entered.size} runs have no pack beside it`;
}
