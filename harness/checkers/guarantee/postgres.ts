/**
 * Rules from the PostgreSQL manual, 26.2.8 (synchronous replication), 19.5.1 and 19.6.2 (write-ahead log and replication settings).
 */
import { z } from "zod";
import type { History, NodeFacts } from "../../history.ts";
import type { PlannedStep } from "../../plan.ts";
import { eventsOf, shortName } from "../reading.ts";
import { demand, factsBeforeFault, type Reasons, type StoreRules } from "./reasons.ts";

export const judgePostgres: StoreRules = ({ history, store, served, after }, reasons) => {
  const looks = factsBeforeFault(history, store, served);
  if (looks.length === 0) return void reasons.permits.push(`the settings of ${served} at the fault are not recorded`);
  const restore = restoreOf(history, store, after);
  if (restore) return judgeRestored(looks, restore, reasons);
  if (served === after) return looks.forEach((look) => judgeRestart(look, reasons));
  const promoted = factsBeforeFault(history, store, after);
  judgeSubscription(looks, promoted, reasons);
  for (const look of looks) judgeCommit(look, after, reasons);
  judgeConfirmation(looks, after, reasons);
  for (const look of promoted.length > 0 ? promoted : looks) demand(look, "fsync", ["on"], reasons);
};

/** A subscriber is one more standby to the rule about names; one that it does not name gets rows when they have long been acknowledged. */
function judgeSubscription(looks: readonly NodeFacts[], promoted: readonly NodeFacts[], reasons: Reasons): void {
  const subscriber = promoted.find(({ values }) => (values["subscription"] ?? "null") !== "null");
  const name = subscriber && shortName(subscriber.node).toLowerCase();
  if (name === undefined) return;
  const waits = looks.every((look) =>
    parseStandbyNames(look.values["synchronous_standby_names"] ?? "")?.names.includes(name),
  );
  if (!waits)
    reasons.permits.push(`${shortName(subscriber!.node)} follows by logical replication, and no commit waits for it`);
}

type Restore = PlannedStep & { does: "recover" };

/** The step by which the node that serves was last made anew, if it was: then what it had before counts for nothing. */
function restoreOf(history: History, store: string, after: string): Restore | undefined {
  const done = new Set(eventsOf(history, "recovery-ended").flatMap(({ data }) => (data.ok ? [data.step] : [])));
  return history.plan.steps.findLast(
    (step): step is Restore =>
      step.does === "recover" && step.kind === "restore" && step.target === `${store}.${after}` && done.has(step.name),
  );
}

/** An archive is handed whole segments: what the last one did not hold yet goes with the machine (manual, 25.3.1 and 19.5.3). */
function judgeRestored(looks: readonly NodeFacts[], { name, params }: Restore, reasons: Reasons): void {
  const { to } = params;
  if (to !== undefined && to !== "latest")
    reasons.permits.push(`${name} was told to end at a point: what was acknowledged beyond it is given up`);
  if (params["wal"] !== "fail-closed")
    reasons.permits.push(`${name} takes whatever its restore_command fails with for the end of history`);
  if (params["tail"] !== "left" && looks.some(waitsForReceiver)) return judgeReceiver(looks, reasons);
  for (const look of looks) {
    const { archive_mode: mode, archive_timeout: timeout } = look.values;
    if (mode === undefined || timeout === undefined)
      reasons.permits.push(`whether and how soon ${look.node} archives is not recorded`);
    else if (mode === "off") reasons.permits.push(`archive_mode=off on ${look.node}: nothing more was archived`);
    else reasons.permits.push(`archive_timeout=${timeout} on ${look.node}: ${tailWords(timeout)}`);
  }
}

/** The machine on which pg_receivewal --synchronous writes history as it is made; a restore ships what it has (manual, pg_receivewal). */
const RECEIVER = "receiver";

const waitsForReceiver = (look: NodeFacts): boolean =>
  parseStandbyNames(look.values["synchronous_standby_names"] ?? "")?.names.includes(RECEIVER) === true;

function judgeReceiver(looks: readonly NodeFacts[], reasons: Reasons): void {
  for (const look of looks) judgeCommit(look, RECEIVER, reasons);
  judgeConfirmation(looks, RECEIVER, reasons);
}

const tailWords = (timeout: string): string =>
  /^0\s*s?$/.test(timeout)
    ? "a segment is archived when it is full, and what it holds until then is lost with the machine"
    : `what was written in the last ${/^\d+$/.test(timeout) ? `${timeout} s` : timeout}, and until it was handed over, is lost with the machine`;

/** The node comes back on its own disk: what was acknowledged must have been on it. */
function judgeRestart(look: NodeFacts, reasons: Reasons): void {
  demand(look, "synchronous_commit", ["on", "remote_apply", "remote_write", "local"], reasons);
  demand(look, "fsync", ["on"], reasons);
  demand(look, "full_page_writes", ["on"], reasons);
}

const COMMIT_SHORTFALL: Readonly<Record<string, string>> = {
  remote_write: "a standby that confirms has handed the write to its system, not to its disk",
  local: "nobody waits for a standby",
  off: "nobody waits for any disk",
};

/** `keeper`: the node whose history goes on, one that was promoted or the receiver that a restore took it from. */
function judgeCommit(look: NodeFacts, keeper: string, reasons: Reasons): void {
  const commit = look.values["synchronous_commit"] ?? "not recorded";
  if (commit === "on" || commit === "remote_apply") reasons.holds.push(`synchronous_commit=${commit} on ${look.node}`);
  else
    reasons.permits.push(
      `synchronous_commit=${commit} on ${look.node}${COMMIT_SHORTFALL[commit] ? `: ${COMMIT_SHORTFALL[commit]}` : ""}`,
    );
  const names = look.values["synchronous_standby_names"];
  if (names === undefined) reasons.permits.push(`synchronous_standby_names of ${look.node} is not recorded`);
  else if (names.trim() === "")
    reasons.permits.push(`synchronous_standby_names is empty on ${look.node}: no standby has to confirm`);
  else judgeNames(names, keeper, reasons);
}

/** Whether the rule alone, without a look at who was attached, makes every commit wait for the keeper. */
function judgeNames(text: string, keeper: string, reasons: Reasons): void {
  const rule = parseStandbyNames(text);
  if (rule === null) return void reasons.permits.push(`synchronous_standby_names is not understood: ${text}`);
  const { method, count, names } = rule;
  const said = `synchronous_standby_names = ${text}`;
  const rank = names.indexOf(keeper.toLowerCase());
  if (names.includes("*")) reasons.permits.push(`${said}: any client that streams may confirm`);
  else if (rank < 0) reasons.permits.push(`${said} does not name ${keeper}: no commit waits for it`);
  else if (count >= names.length) reasons.holds.push(`${said}: every commit waits for ${keeper}`);
  else if (method === "any")
    reasons.permits.push(
      `${said}: any ${count} of ${names.length} may confirm, and nothing says that ${keeper} was among them`,
    );
  else if (rank >= count)
    reasons.permits.push(`${said}: ${keeper} is not among the first ${count} and confirms only in another's place`);
  else reasons.holds.push(`${said}: commits wait for ${keeper} as long as it is attached`);
}

/** What was seen of the connections: one of that name, and with a FIRST rule that lists more names the same one all the time. */
function judgeConfirmation(looks: readonly NodeFacts[], keeper: string, reasons: Reasons): void {
  const starts = new Set<string>();
  for (const look of looks) {
    const rule = parseStandbyNames(look.values["synchronous_standby_names"] ?? "");
    const mine = sendersOf(look)?.filter(({ name }) => name.toLowerCase() === keeper.toLowerCase());
    if (mine && mine.length > 1)
      reasons.permits.push(
        `${mine.length} connections called themselves ${keeper} on ${look.node}: either may have confirmed`,
      );
    if (rule === null || rule.method === "any" || rule.count >= rule.names.length) continue;
    const sender = mine?.[0];
    if (sender?.sync_state !== "sync") {
      reasons.permits.push(
        `${keeper} was ${sender?.sync_state ?? "not attached"} on ${look.node} at ${look.at === "fault" ? "the fault" : "the steady state"}`,
      );
    }
    starts.add(sender?.backend_start ?? "none");
    if (looks.length < 2)
      reasons.permits.push(`${keeper} was looked at only once: nothing says that it was attached all the time`);
  }
  if (starts.size > 1)
    reasons.permits.push(
      `${keeper} was attached anew between the steady state and the fault: others may have confirmed in between`,
    );
}

const senders = z.array(
  z.object({ name: z.string(), state: z.string().nullable(), sync_state: z.string(), backend_start: z.string() }),
);

/** pg_stat_replication as it was recorded; null when it was not. */
function sendersOf(look: NodeFacts): z.output<typeof senders> | null {
  try {
    return senders.parse(JSON.parse(look.values["replication"] ?? ""));
  } catch {
    return null; // not recorded, or not in this form: then nothing is known of who was attached
  }
}

export interface StandbyRule {
  readonly method: "first" | "any";
  readonly count: number;
  /** In lower case: the server compares names without regard to case. */
  readonly names: readonly string[];
}

/** `FIRST 1 (a, "b")`, `ANY 2 (*)`, `2 (a, b)` and the bare list `a, b`, which is FIRST 1; null for anything else. */
export function parseStandbyNames(text: string): StandbyRule | null {
  const [, method = "first", count, inner] = /^\s*(?:(first|any)\s+)?(\d{1,4})\s*\((.*)\)\s*$/is.exec(text) ?? [];
  const names = (inner ?? text).match(/"(?:[^"]|"")+"|[^\s,"()]+|,/g);
  const listed = names
    ?.filter((_, i) => i % 2 === 0)
    .map((name) => name.replace(/^"|"$/g, "").replaceAll('""', '"').toLowerCase());
  const wellFormed =
    names?.length !== undefined && names.length % 2 === 1 && names.every((name, i) => (name === ",") === (i % 2 === 1));
  if (!listed || !wellFormed || Number(count ?? 1) < 1) return null;
  return { method: method.toLowerCase() === "any" ? "any" : "first", count: Number(count ?? 1), names: listed };
}
