import type { History, JournalEvent, Operation } from "../history.ts";
import type { Interval, Mark, MarkName, Timeline } from "../report.ts";
import { counted } from "../text.ts";
import { type Attempt, askedUntilMs, attempts, type Baseline, baselineOf, lowerBound, nearestRank } from "./clients.ts";
import { slowestDetection } from "./detection.ts";
import { roundMs } from "./findings.ts";
import { type Outage, outageOf } from "./outage.ts";
import { eventsOf, type Span, spanOf } from "./reading.ts";

const BASELINE_WINDOW_MS = 1_000;
const BASELINE_STEP_MS = 10;
const TIMELINE_LEAD_MS = 3_000;
const TIMELINE_BUCKETS = 300;
const TIMELINE_MOST_BUCKETS = 5_000;

const LABELS: Readonly<Record<string, string>> = {
  effective: "fault effective",
  "first-error": "first client error",
  detected: "detected",
  decided: "decided",
  fenced: "old primary fenced",
  elected: "leader elected",
  applied: "what had arrived is applied",
  promoted: "promoted",
  "sequences-set": "sequences set",
  following: "follows the new node",
  fetched: "backup fetched",
  restored: "history replayed",
  moved: "manager names the new node",
  "copied-back": "brought back",
  rewound: "set back to the fork",
  rejoined: "follows again",
  repointed: "clients re-pointed",
  started: "started again",
  "first-read": "first read",
  "first-write": "first acknowledged write",
  recovered: "first acknowledged write that lasted",
  sustained: "sustained",
  baseline: "back to baseline",
  redundancy: "redundancy restored",
};

/** Milliseconds to microseconds, rounded outwards so that the interval still holds the instant. */
const down = (ms: number): number => Math.floor(ms * 1_000 + 1e-6) / 1_000 + 0;
const up = (ms: number): number => Math.ceil(ms * 1_000 - 1e-6) / 1_000 + 0;
export const rounded = ({ lowerMs, upperMs }: Interval): Interval => ({ lowerMs: down(lowerMs), upperMs: up(upperMs) });

/**
 * The phases of a recovery, each an interval after the fault was effective, as wide as the fault's own bracket and its own. The
 * mark at which the recovery ends carries the recovery time, with all of its error.
 */
export function waterfallOf(history: History): Mark[] {
  const outage = outageOf(history);
  const fall = new Waterfall(history, outage);
  if (!outage)
    return (["effective", "first-error", "detected", "first-write"] as const).map((name) =>
      fall.none(name, "no fault was effective"),
    );
  return [
    fall.effective(outage),
    fall.firstError(),
    fall.detected(),
    ...fall.procedure(),
    fall.firstRead(),
    ...fall.writes(outage),
    fall.sustained(outage),
    fall.baseline(outage),
    fall.redundancy(),
  ];
}

class Waterfall {
  readonly #history: History;
  readonly #fault: Span;
  readonly #after: readonly Attempt[];
  readonly #failed: readonly Attempt[];

  constructor(history: History, outage: Outage | null) {
    this.#history = history;
    this.#fault = outage?.fault.at ?? { fromMs: 0, toMs: 0 };
    this.#after = outage ? attempts(history).filter((a) => a.endedMs > this.#fault.fromMs) : [];
    this.#failed = this.#after.filter((a) => !a.ok);
  }

  none(name: MarkName, note: string): Mark {
    return { name, label: LABELS[name] ?? name, at: null, note };
  }

  effective({ fault, note }: Outage): Mark {
    const at = rounded({ lowerMs: this.#fault.fromMs - this.#fault.toMs, upperMs: 0 });
    return {
      name: "effective",
      label: LABELS["effective"] ?? "",
      at,
      note: `${fault.fault} of ${fault.target}${note ? `; ${note}` : ""}`,
    };
  }

  /** From when it was asked to when the client noticed. */
  firstError(): Mark {
    const first = earliest(this.#failed);
    if (!first) return this.none("first-error", "no client noticed an error");
    const hung = first.endedMs === Infinity;
    return this.#mark(
      "first-error",
      { fromMs: first.askedMs, toMs: hung ? askedUntilMs(this.#history) : first.endedMs },
      hung ? `${first.source} hung to the end` : `${first.mode} of ${first.source}`,
    );
  }

  detected(): Mark {
    const detection = slowestDetection(this.#history);
    if (!detection) return this.none("detected", "no step of this drill waited for a detector that fired");
    const samples = eventsOf(this.#history, "detected").find(({ data }) => data.step === detection.step)?.data;
    const about =
      detection.fault.step === outageOf(this.#history)?.fault.step
        ? ""
        : `; counted from ${detection.fault.fault} of ${detection.fault.target}`;
    return {
      name: "detected",
      label: LABELS["detected"] ?? "",
      at: rounded(detection.interval),
      note: `${samples ? `${counted(samples.fails, "failed probe")} of ${samples.probe} in a row` : "the manager's own decision, by its log"}${about}`,
    };
  }

  /** What the recovery procedures did, in the order in which it was done. */
  procedure(): Mark[] {
    const marks = this.#history.events.flatMap((event) => this.#milestone(event));
    return marks
      .toSorted((a, b) => a.toMs - b.toMs)
      .map(({ name, label, note, ...at }) => ({ ...this.#mark(name, at, note), label }));
  }

  #milestone(event: JournalEvent): ({ name: string; label: string; note: string | null } & Span)[] {
    if (event.kind === "recovery-started") {
      const note = event.data.human
        ? "a person's planned act: no time to notice and decide is in it"
        : `${event.data.recovery} of ${event.data.target}`;
      return [{ name: "decided", label: LABELS["decided"] ?? "", note, fromMs: event.ms, toMs: event.ms }];
    }
    if (event.kind !== "recovery-mark" || event.data.mark === "detected") return []; // that one has a place of its own
    const { mark, step } = event.data;
    return [{ name: mark, label: LABELS[mark] ?? mark, note: `step ${step}`, ...spanOf(this.#history, event.data) }];
  }

  firstRead(): Mark {
    return this.#answer("read", "first-read", this.#firstAnswer("read"));
  }

  /** The first write, and where it did not last, the one that did. The one that lasted carries the recovery time itself. */
  writes({ recovery, interval, noticed }: Outage): Mark[] {
    const first = this.#firstAnswer("write");
    const mark = this.#answer("write", "first-write", first);
    if (recovery.state !== "recovered" || interval === null || !noticed) return [mark];
    if (first?.endedMs === recovery.ackMs) return [{ ...mark, at: rounded(interval) }];
    const lasted = { name: "recovered", label: LABELS["recovered"] ?? "", at: rounded(interval), note: null };
    return [first ? { ...mark, note: "it did not last" } : mark, lasted];
  }

  /** The first thing that succeeded among those asked after the first failure of their kind; undefined when none of them failed. */
  #firstAnswer(mode: "read" | "write"): Attempt | null | undefined {
    const failed = this.#failed.filter((a) => a.mode === mode && a.critical);
    if (!failed[0]) return undefined;
    const fromMs = Math.max(failed[0].askedMs, this.#fault.toMs);
    const stores = new Set(failed.map((a) => a.store));
    const ofThose = (a: Attempt): boolean => a.mode === mode && a.critical && stores.has(a.store);
    return earliest(this.#after.filter((a) => a.ok && a.askedMs >= fromMs && ofThose(a)));
  }

  #answer(mode: "read" | "write", name: MarkName, first: Attempt | null | undefined): Mark {
    if (first === undefined) return this.none(name, `no critical ${mode} failed`);
    if (first === null) return this.none(name, `no ${mode} succeeded again`);
    return this.#mark(name, { fromMs: first.askedMs, toMs: first.endedMs }, first.source);
  }

  sustained({ recovery, noticed }: Outage): Mark {
    const { settleMs } = this.#history.plan;
    if (!noticed) return this.none("sustained", "service was never interrupted");
    if (recovery.state === "not-recovered")
      return this.none("sustained", `no ${roundMs(settleMs)} without a failure by the end`);
    if (recovery.state === "cut-short")
      return this.none("sustained", `the record ends less than ${roundMs(settleMs)} after the first success`);
    const atMs = recovery.ackMs + settleMs;
    return this.#mark("sustained", { fromMs: atMs, toMs: atMs }, `${roundMs(settleMs)} without a failure`);
  }

  /** The first second with at least 90 % of the steady throughput and at most twice the steady p99. */
  baseline({ recovery }: Outage): Mark {
    const normal = baselineOf(this.#history);
    if (!normal) return this.none("baseline", "there is no steady state to compare with");
    if (recovery.state === "not-recovered") return this.none("baseline", "service did not come back");
    const fromMs = firstNormalMs(this.#history, normal, recovery.ackMs);
    if (fromMs !== null)
      return this.#mark(
        "baseline",
        { fromMs, toMs: fromMs + BASELINE_STEP_MS },
        "90 % of the steady throughput and at most twice its p99, for 1 s",
      );
    return this.none("baseline", "not within the record");
  }

  redundancy(): Mark {
    const states = eventsOf(this.#history, "redundancy");
    const last = states.at(-1);
    if (!last) return this.none("redundancy", "nobody looked");
    const missing = states.find(({ data }) => data.state === "not-restored");
    return missing
      ? this.none("redundancy", missing.data.detail)
      : this.#mark("redundancy", { fromMs: last.ms, toMs: last.ms }, `seen by then: ${last.data.detail}`);
  }

  #mark(name: MarkName, { fromMs, toMs }: Span, note: string | null): Mark {
    const at = { lowerMs: fromMs - this.#fault.toMs, upperMs: toMs - this.#fault.fromMs };
    return { name, label: LABELS[name] ?? name, at: rounded(at), note };
  }
}

/** What was noticed first. */
const earliest = (of: readonly Attempt[]): Attempt | null =>
  of.reduce<Attempt | null>((a, b) => (a && a.endedMs <= b.endedMs ? a : b), null);

/** Where the first second of normal service begins, looked for in steps of 10 ms; null when there is none in the record. */
function firstNormalMs(history: History, normal: Baseline, sinceMs: number): number | null {
  const acks = history.operations
    .filter((op) => op.outcome === "ok" && (op.endedMs ?? 0) >= sinceMs)
    .toSorted((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0));
  const endedMs = Float64Array.from(acks.map((op) => op.endedMs ?? 0));
  const latencyMs = Float64Array.from(acks.map((op) => (op.endedMs ?? 0) - op.dueMs));
  let fromMs = sinceMs;
  while (fromMs + BASELINE_WINDOW_MS <= askedUntilMs(history)) {
    const [first, end] = [lowerBound(endedMs, fromMs), lowerBound(endedMs, fromMs + BASELINE_WINDOW_MS)];
    const enough = (end - first) * (1_000 / BASELINE_WINDOW_MS) >= 0.9 * normal.throughputPerSecond;
    if (enough && nearestRank(latencyMs.slice(first, end).toSorted(), 0.99) <= 2 * normal.latencyP99Ms) return fromMs;
    fromMs = Math.max(fromMs + BASELINE_STEP_MS, (endedMs[first] ?? Infinity) - BASELINE_WINDOW_MS);
  }
  return null;
}

const noticedMs = (op: Operation): number => op.endedMs ?? op.invokedMs;

/** Series for the plots, from three seconds before the fault to the end, relative to the fault. A write counts where its end was noticed. */
export function timelineOf(history: History): Timeline {
  const zeroMs = outageOf(history)?.fault.at.toMs ?? history.operations[0]?.dueMs ?? 0;
  const firstMs = history.operations.reduce((a, op) => Math.min(a, op.dueMs), Infinity);
  const lastMs = history.operations.reduce((a, op) => Math.max(a, noticedMs(op)), zeroMs);
  const startMs = Math.max(zeroMs - TIMELINE_LEAD_MS, Math.min(firstMs, zeroMs));
  const bucketMs = bucketFor(lastMs - startMs);
  const length = history.operations.length === 0 ? 0 : Math.floor((lastMs - startMs) / bucketMs) + 1;
  const count = { ok: zeros(length), fail: zeros(length), info: zeros(length) };
  const latencies: number[][] = Array.from({ length }, () => []);
  for (const op of history.operations) {
    const bucket = Math.floor((noticedMs(op) - startMs) / bucketMs);
    if (bucket < 0) continue;
    count[op.outcome][bucket]! += 1;
    if (op.outcome === "ok") latencies[bucket]!.push(noticedMs(op) - op.dueMs);
  }
  const sorted = latencies.map((of) => Float64Array.from(of).toSorted());
  const percentile = (share: number) => sorted.map((of) => (of.length === 0 ? null : up(nearestRank(of, share))));
  return {
    fromMs: down(startMs - zeroMs),
    bucketMs,
    acknowledged: count.ok,
    failed: count.fail,
    indeterminate: count.info,
    latencyP50Ms: percentile(0.5),
    latencyP99Ms: percentile(0.99),
  };
}

const zeros = (length: number): number[] => Array.from({ length }, () => 0);

/** 50 to 250 ms, so that a plot has some 300 columns; wider only where a record spans more than 20 minutes. */
function bucketFor(spanMs: number): number {
  const wanted = [50, 100, 200].find((ms) => spanMs / ms <= TIMELINE_BUCKETS) ?? 250;
  return spanMs / wanted <= TIMELINE_MOST_BUCKETS ? wanted : Math.ceil(spanMs / TIMELINE_MOST_BUCKETS);
}
