/**
 * Rules from the Redis manual: "Redis persistence" (append-only file, how durable it is), "Redis replication" (writes only with N
 * attached replicas), the commands WAIT and WAITAOF, and "High availability with Redis Sentinel" (Sentinel and Redis as one
 * distributed system; selection of the replica).
 */
import type { NodeFacts } from "../../history.ts";
import { effectiveFaults, outageOf } from "../outage.ts";
import { demand, factsBeforeFault, type Reasons, type Served, type StoreRules } from "./reasons.ts";

export const judgeRedis: StoreRules = (served, reasons) => {
  const looks = factsBeforeFault(served.history, served.store, served.served);
  if (looks.length === 0)
    return void reasons.permits.push(`the settings of ${served.served} at the fault are not recorded`);
  for (const look of looks) demand(look, "maxmemory-policy", ["noeviction"], reasons);
  if (served.served === served.after) return looks.forEach((look) => judgeRestart(served, look, reasons));
  for (const look of looks) judgeFailover(look, served.after, reasons);
};

/** The server comes back on its own files, or never went away. */
function judgeRestart(served: Served, look: NodeFacts, reasons: Reasons): void {
  if (damagedFiles(served))
    return void reasons.permits.push(`data of ${look.node} was damaged: no setting promises what is left`);
  if (neverLeft(served, look)) return void reasons.holds.push(`the server of ${look.node} never went away`);
  const appendonly = look.values["appendonly"];
  if (appendonly !== "yes")
    return void reasons.permits.push(
      `appendonly=${appendonly ?? "not recorded"} on ${look.node}: what came after the last snapshot is in memory alone`,
    );
  if (lostPower(served)) return demand(look, "appendfsync", ["always"], reasons);
  // The file is written before the answer is sent; only whether it is also on the disk itself depends on appendfsync.
  reasons.holds.push(
    `appendonly=yes on ${look.node}: the kernel has each write before its answer, and a process that dies takes none with it`,
  );
}

function neverLeft({ history, store, after }: Served, look: NodeFacts): boolean {
  const now = history.facts.find((f) => f.at === "recovered" && f.component === store && f.node.endsWith(`.${after}`));
  const start = look.values["process_start"];
  return start !== undefined && start !== "" && now?.values["process_start"] === start;
}

/** Faults that leave the machine its power. Whatever is not known here may have taken it: a lost machine has lost it. */
const GENTLE = ["process-crash", "restart", "shutdown", "pause", "partition", "latency", "bandwidth", "reset"];
const DAMAGING = ["file-damage", "erase-data"];

const faultsOn = ({ history, store }: Served): string[] => {
  const outage = outageOf(history);
  const faults = outage ? effectiveFaults(history) : [];
  return faults.filter(({ target }) => target === store || target.startsWith(`${store}.`)).map(({ fault }) => fault);
};

const damagedFiles = (served: Served): boolean => faultsOn(served).some((fault) => DAMAGING.includes(fault));
const lostPower = (served: Served): boolean =>
  faultsOn(served).some((fault) => !GENTLE.includes(fault) && !DAMAGING.includes(fault));

/** Another node took over: what it had at that moment is all there is. */
function judgeFailover(look: NodeFacts, promoted: string, reasons: Reasons): void {
  const replicas = attached(look);
  const acknowledge = look.values["acknowledge"] ?? "not recorded";
  const confirmed = confirmations(acknowledge);
  if (confirmed === null || confirmed === 0) {
    const least = Number(look.values["min-replicas-to-write"] ?? "0");
    reasons.permits.push(
      least > 0
        ? `min-replicas-to-write=${least} on ${look.node} bounds how long a lost replica goes unnoticed (${look.values["min-replicas-max-lag"] ?? "?"} s) and waits for no write`
        : `a write on ${look.node} is acknowledged (${acknowledge}) before any replica has it: replication is asynchronous`,
    );
  } else if (replicas === null) reasons.permits.push(`the replicas of ${look.node} are not recorded`);
  else if (!replicas.some(({ name }) => name === promoted))
    reasons.permits.push(`${promoted}, which was promoted, was not attached to ${look.node}`);
  else if (confirmed < replicas.length)
    reasons.permits.push(
      `${acknowledge}: ${confirmed} of ${replicas.length} replicas confirm, and nothing says that ${promoted} was among them`,
    );
  else
    reasons.holds.push(
      `${acknowledge} on ${look.node}: every acknowledged write had reached all ${replicas.length} replicas, ${promoted} among them`,
    );
}

/** How many replicas a write waits for; null when that is not known. */
function confirmations(acknowledge: string): number | null {
  if (acknowledge === "plain") return 0;
  const [, wait, aof] = /^(?:WAIT (\d+) \d+|WAITAOF [01] (\d+) \d+)$/.exec(acknowledge) ?? [];
  const count = wait ?? aof;
  return count === undefined ? null : Number(count);
}

function attached(look: NodeFacts): { name: string }[] | null {
  try {
    const list: unknown = JSON.parse(look.values["replicas"] ?? "");
    return Array.isArray(list)
      ? list.filter((r): r is { name: string } => typeof (r as { name?: unknown }).name === "string")
      : null;
  } catch {
    return null; // not recorded: nothing is known of who was attached
  }
}
