import type { History } from "../history.ts";
import type { Interval } from "../report.ts";
import {
  askedUntilMs,
  type Attempt,
  attempts,
  baselineOf,
  criticalSources,
  lowerBound,
  type Source,
} from "./clients.ts";
import { eventsOf, perHistory, type Span, spanOf } from "./reading.ts";

/** A write that is still open this much longer than the slowest one of the steady state when the next fault comes was hanging already. */
const HANGS_AFTER_MS = 100;

/** A fault as it was observed to bite. */
export interface EffectiveFault {
  readonly step: string;
  readonly fault: string;
  readonly target: string;
  readonly at: Span;
}

/**
 * What a fault did to the clients. The clock starts when the fault is effective; it ends at the first acknowledged write after
 * which every write and every critical probe succeeded for `settle`.
 */
export interface Outage {
  readonly fault: EffectiveFault;
  /** False when nothing that clients asked failed: `interval` is then the longest gap between two acknowledgements. */
  readonly noticed: boolean;
  readonly recovery: Recovery;
  /** How long it took; null when it was not over by the end of the record. */
  readonly interval: Interval | null;
  /** How long it took at the least. */
  readonly lowerMs: number;
  /** Failures after the recovery that no later fault explains. */
  readonly relapse: { readonly count: number; readonly firstMs: number } | null;
  /** What a reader has to know about where the clock starts. */
  readonly note: string | null;
}

type Recovery =
  | { readonly state: "recovered"; readonly ackMs: number }
  /** Served again, but the record ends before `settle` was over: nobody knows whether it would have lasted. */
  | { readonly state: "cut-short"; readonly ackMs: number }
  | { readonly state: "not-recovered" };

export const effectiveFaults = perHistory((history): readonly EffectiveFault[] =>
  eventsOf(history, "fault-effective")
    .map(({ data }) => ({ step: data.step, fault: data.fault, target: data.target, at: spanOf(history, data) }))
    .toSorted((a, b) => a.at.fromMs - b.at.fromMs),
);

/**
 * The outage that the recovery time is taken from; null when no fault was effective. It begins with the last fault before the
 * first recovery step, or with an earlier one if clients failed from that on; of several outages it is the longest.
 */
export const outageOf = perHistory((history): Outage | null => {
  const all = outages(history);
  const worst = all.reduce<Outage | null>((a, b) => (a === null || worseThan(b, a) ? b : a), null);
  return worst ?? unnoticed(history);
});

const worseThan = (a: Outage, b: Outage): boolean =>
  (a.interval?.upperMs ?? Infinity) > (b.interval?.upperMs ?? Infinity);

/** Every outage that clients noticed. A fault during an outage belongs to it: its clock runs from the first of them. */
export const outages = perHistory((history): readonly Outage[] => {
  const faults = effectiveFaults(history);
  const found: Outage[] = [];
  let openUntilMs = -Infinity;
  for (const [i, fault] of faults.entries()) {
    if (fault.at.fromMs < openUntilMs || !hurt(history, fault.at.fromMs, faults[i + 1]?.at.fromMs ?? Infinity))
      continue;
    const outage = follow(history, fault, faults);
    found.push(outage);
    openUntilMs = outage.recovery.state === "recovered" ? outage.recovery.ackMs : Infinity;
  }
  return found;
});

/**
 * Whether clients failed, or hung, because of what happened at `fromMs` and before the next fault at `nextMs`. A write that waited
 * for a connection hung only if a connection did: a queue by itself shows load, not a fault.
 */
function hurt(history: History, fromMs: number, nextMs: number): boolean {
  const critical = attempts(history).filter((a) => a.critical && a.askedMs < nextMs);
  if (critical.some((a) => !a.ok && a.endedMs > fromMs && a.endedMs <= nextMs)) return true;
  const hangsMs = (baselineOf(history)?.slowestMs ?? 0) + HANGS_AFTER_MS;
  const hung = critical.filter((a) => a.endedMs > nextMs && nextMs - Math.max(a.askedMs, fromMs) > hangsMs);
  return hung.some((a) => a.sent) && hung.some((a) => !a.ok);
}

function follow(history: History, fault: EffectiveFault, faults: readonly EffectiveFault[]): Outage {
  const stores = [...new Set(criticalSources(history).map((source) => source.store))];
  const each = stores.map((store) => followStore(history, store, fault.at)).filter((result) => result !== null);
  const last = each.reduce((a, b) => (endOf(b.recovery) > endOf(a.recovery) ? b : a));
  const { recovery, lastFailureMs } = last;
  const untilMs = recovery.state === "not-recovered" ? askedUntilMs(history) : recovery.ackMs;
  const lowerMs = Math.max(0, (recovery.state === "not-recovered" ? untilMs : lastFailureMs) - fault.at.toMs);
  const upperMs = untilMs - fault.at.fromMs + history.host.eventLoopStallMs;
  return {
    fault,
    noticed: true,
    recovery,
    interval: recovery.state === "recovered" ? { lowerMs, upperMs } : null,
    lowerMs,
    relapse: recovery.state === "recovered" ? relapseAfter(history, recovery.ackMs, faults) : null,
    note: startNote(history, fault, faults),
  };
}

const endOf = (recovery: Recovery): number =>
  recovery.state === "recovered" ? recovery.ackMs : recovery.state === "cut-short" ? Number.MAX_VALUE : Infinity;

/** How one store came back; null when nothing that clients asked of it failed. */
function followStore(
  history: History,
  store: string,
  fault: Span,
): { recovery: Recovery; lastFailureMs: number } | null {
  const mine = attempts(history).filter((a) => a.critical && a.store === store);
  const failedMs = Float64Array.from(mine.filter((a) => !a.ok && a.endedMs > fault.fromMs).map((a) => a.askedMs));
  const firstMs = failedMs[0];
  if (firstMs === undefined) return null;
  const service = new Service(history, store, mine, failedMs);
  const recovery = service.firstLasting(Math.max(fault.toMs, firstMs));
  const untilMs = recovery.state === "not-recovered" ? Infinity : recovery.ackMs;
  // A client that was refused, cut off or out of patience at that instant had no service until then.
  const refused = mine.filter((a) => !a.ok && a.endedMs > fault.fromMs && a.endedMs <= untilMs);
  return { recovery, lastFailureMs: refused.reduce((latest, a) => Math.max(latest, a.endedMs), firstMs) };
}

/** One store as its clients saw it; answers whether an acknowledgement was the beginning of lasting service. */
class Service {
  readonly #settleMs: number;
  readonly #untilMs: number;
  readonly #failedMs: Float64Array;
  readonly #acks: Attempt[];
  readonly #served: { source: Source; askedMs: Float64Array }[];

  constructor(history: History, store: string, mine: readonly Attempt[], failedMs: Float64Array) {
    this.#settleMs = history.plan.settleMs;
    this.#untilMs = askedUntilMs(history);
    this.#failedMs = failedMs;
    const ok = mine.filter((a) => a.ok);
    const writes = ok.filter((a) => a.mode === "write");
    this.#acks = (writes.length > 0 ? writes : ok).toSorted((a, b) => a.endedMs - b.endedMs);
    this.#served = criticalSources(history)
      .filter((source) => source.store === store)
      .map((source) => ({
        source,
        askedMs: Float64Array.from(ok.filter((a) => a.source === source.name).map((a) => a.askedMs)),
      }));
  }

  /** The first acknowledgement, of something asked at `fromMs` or later, after which nothing failed for the settle time. */
  firstLasting(fromMs: number): Recovery {
    for (const { askedMs, endedMs } of this.#acks) {
      if (askedMs < fromMs) continue;
      const nextFailure = this.#failedMs[lowerBound(this.#failedMs, endedMs)] ?? Infinity;
      if (nextFailure <= endedMs + this.#settleMs) continue;
      if (endedMs + this.#settleMs > this.#untilMs) return { state: "cut-short", ackMs: endedMs };
      if (this.#wasServed(endedMs)) return { state: "recovered", ackMs: endedMs };
    }
    return { state: "not-recovered" };
  }

  /** Silence is not success: at least half of what the plan asks in the settle time, and something, was asked and answered. */
  #wasServed(fromMs: number): boolean {
    const toMs = fromMs + this.#settleMs;
    const counts = this.#served.map(({ askedMs }) => lowerBound(askedMs, toMs) - lowerBound(askedMs, fromMs));
    const enough = this.#served.every(
      ({ source }, i) => (counts[i] ?? 0) >= Math.floor(this.#settleMs / source.everyMs / 2),
    );
    return enough && counts.some((count) => count > 0);
  }
}

function relapseAfter(history: History, ackMs: number, faults: readonly EffectiveFault[]): Outage["relapse"] {
  const nextFaultMs = faults.find(({ at }) => at.toMs > ackMs)?.at.fromMs ?? Infinity;
  const later = attempts(history).filter(
    (a) => a.critical && !a.ok && a.askedMs > ackMs && (a.endedMs < nextFaultMs || nextFaultMs === Infinity),
  );
  const [first] = later;
  return first ? { count: later.length, firstMs: first.askedMs } : null;
}

/** The fault that the scenario means: the last one before the first recovery step. */
function meantFault(history: History, faults: readonly EffectiveFault[]): EffectiveFault | null {
  const first = eventsOf(history, "recovery-started").at(0);
  const before = first ? faults.filter(({ at }) => at.fromMs <= first.ms) : faults;
  return before.at(-1) ?? faults[0] ?? null;
}

function startNote(history: History, fault: EffectiveFault, faults: readonly EffectiveFault[]): string | null {
  const meant = meantFault(history, faults);
  if (!meant || meant.at.fromMs <= fault.at.fromMs) return null;
  return `clients failed from ${fault.fault} of ${fault.target} on, before ${meant.fault} of ${meant.target}: the clock starts with the earlier one`;
}

/** No client noticed anything: the longest time without an acknowledgement from the fault on is what the fault can have cost. */
function unnoticed(history: History): Outage | null {
  const fault = meantFault(history, effectiveFaults(history));
  if (!fault) return null;
  const upperMs = longestGap(history, fault.at.fromMs);
  return {
    fault,
    noticed: false,
    recovery: upperMs === null ? { state: "not-recovered" } : { state: "recovered", ackMs: fault.at.toMs },
    interval: upperMs === null ? null : { lowerMs: 0, upperMs: upperMs + history.host.eventLoopStallMs },
    lowerMs: 0,
    relapse: null,
    note: "clients noticed nothing: no write and no critical probe failed",
  };
}

/** Over every store, the longest time between two acknowledged writes that reaches beyond `fromMs`; null when a store has none after it. */
function longestGap(history: History, fromMs: number): number | null {
  const stores = new Set(criticalSources(history).map((source) => source.store));
  let longest: number | null = null;
  for (const store of stores) {
    const writes = attempts(history).filter((a) => a.ok && a.store === store && a.mode === "write");
    const acks = Float64Array.from(writes.map((a) => a.endedMs)).toSorted();
    const first = lowerBound(acks, fromMs);
    if (first >= acks.length) return null;
    for (let i = Math.max(1, first); i < acks.length; i++) longest = Math.max(longest ?? 0, acks[i]! - acks[i - 1]!);
  }
  return longest;
}
