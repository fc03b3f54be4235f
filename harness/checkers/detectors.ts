import type { History } from "../history.ts";
import { type DetectorRow, type Inspection, type Interval, LEDGER, SERVER } from "../report.ts";
import { counted, grouped } from "../text.ts";
import { complaintsOf, wasHeard } from "./server-words.ts";
import { type LossReading, lossOf } from "./loss.ts";
import { type EffectiveFault, effectiveFaults } from "./outage.ts";
import { eventsOf, perHistory, servingFacts, type Span, spanOf, storesOf } from "./reading.ts";
import { rounded } from "./waterfall.ts";

/**
 * Who noticed that something is wrong, how long after the first fault of the drill, and who looked and stayed silent. No damage is
 * older than that fault. Null for a record in which nobody looked.
 */
export const detectorsOf = perHistory((history): Inspection | null => {
  const ran = eventsOf(history, "detector-ran");
  if (ran.length === 0 && eventsOf(history, "read-back").length === 0) return null;
  const fault = effectiveFaults(history)[0] ?? null;
  const tools = ran.map(({ data }): DetectorRow => {
    const { component, detector, noticed, detail } = data;
    const at = spanOf(history, data);
    return { component, detector, noticed, detail, after: noticed === "yes" ? after(at, fault) : null, ...took(at) };
  });
  const ledger = ledgerRow(history, fault);
  return {
    since: fault && { fault: fault.fault, target: fault.target },
    rows: [ledger, serverRow(history, fault), ...tools],
    leftBehind:
      ledger.noticed === "no" && lossOf(history)?.loss.count === 0 && tools.some(({ noticed }) => noticed === "yes"),
  };
});

/** Noticed somewhere within the span. */
const after = (at: Span, fault: EffectiveFault | null): Interval | null =>
  fault &&
  rounded({
    lowerMs: Math.max(0, at.fromMs - fault.at.toMs),
    upperMs: Math.max(0, at.toMs - fault.at.fromMs),
  });

const took = ({ fromMs, toMs }: Span): { tookMs: number } => ({
  tookMs: Math.round((toMs - fromMs) * 1_000) / 1_000,
});

function ledgerRow(history: History, fault: EffectiveFault | null): DetectorRow {
  const row = { component: storesOf(history).join(", "), detector: LEDGER };
  const reading = lossOf(history);
  const reads = eventsOf(history, "read-back").map(({ data }) => spanOf(history, data));
  if (!reading || reads.length === 0)
    return { ...row, noticed: "not-run", after: null, tookMs: null, detail: "nothing was read back" };
  const at = { fromMs: Math.min(...reads.map((r) => r.fromMs)), toMs: Math.max(...reads.map((r) => r.toMs)) };
  const wrong = wrongIn(reading);
  return wrong.length > 0
    ? { ...row, noticed: "yes", after: after(at, fault), ...took(at), detail: wrong.join(", ") }
    : { ...row, noticed: "no", after: null, ...took(at), detail: allThere(history, reading) };
}

/** What was given up on purpose is not amiss. */
function wrongIn(reading: LossReading): string[] {
  const counts = {
    lost: reading.loss.count - reading.discarded,
    phantom: reading.phantom,
    resurrected: reading.resurrected,
    duplicated: reading.duplicated,
    mutated: reading.mutated,
    stale: reading.stale,
  };
  return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${grouped(count)} ${what}`] : []));
}

function allThere({ operations }: History, { discarded }: LossReading): string {
  const acknowledged = operations.filter(({ outcome }) => outcome === "ok").length - discarded;
  const given =
    discarded > 0 ? `; ${grouped(discarded)} more ${discarded === 1 ? "was" : "were"} given up on purpose` : "";
  return `${counted(acknowledged, "acknowledged write is there as it was", "acknowledged writes are there as they were")} sent${given}`;
}

interface Word {
  readonly text: string;
  readonly at: Span;
}

/** What nobody had to look for: a step that was refused, an error or the end of a server, pages that it found wrong by itself. */
function serverRow(history: History, fault: EffectiveFault | null): DetectorRow {
  const row = { component: storesOf(history).join(", "), detector: SERVER, tookMs: null };
  const said = complaintsOf(history, fault?.at.fromMs ?? -Infinity);
  const words: Word[] = [
    ...failedSteps(history),
    ...said.filter(({ refused }) => refused).map(({ node, text, at }) => ({ text: `${node}: ${text}`, at })),
    ...failedPages(history),
  ].toSorted((a, b) => a.at.toMs - b.at.toMs);
  const [first] = words;
  if (first) {
    const more = words.length > 1 ? ` (and ${words.length - 1} more)` : "";
    return { ...row, noticed: "yes", after: after(first.at, fault), detail: `${first.text}${more}` };
  }
  if (!wasHeard(history))
    return { ...row, noticed: "not-run", after: null, detail: "no line of any server's log could be read" };
  const aside = said.find(({ refused }) => !refused);
  const log = aside ? `; ${aside.node} wrote "${aside.text}" and went on` : "";
  return { ...row, noticed: "no", after: null, detail: `no step failed and no server refused anything${log}` };
}

/** Somewhere between its start and its end the system refused what it was asked to do. */
function failedSteps(history: History): Word[] {
  const started = new Map(eventsOf(history, "recovery-started").map(({ data, ms }) => [data.step, ms]));
  const recoveries = eventsOf(history, "recovery-ended").flatMap(({ data: { step, ok, error }, ms }) =>
    ok
      ? []
      : [
          {
            text: `${step} failed: ${error ?? "it did not say why"}`,
            at: { fromMs: started.get(step) ?? ms, toMs: ms },
          },
        ],
  );
  const routines = eventsOf(history, "routine-ended").flatMap(({ data }) =>
    data.ok ? [] : [{ text: `${data.step} failed: ${data.detail}`, at: spanOf(history, data) }],
  );
  return [...recoveries, ...routines];
}

const failedPages = (history: History): Word[] =>
  storesOf(history).flatMap((store) => {
    const facts = servingFacts(history, store);
    const failures = Number(facts?.values["checksum_failures"] ?? 0);
    return facts && failures > 0
      ? [
          {
            text: `${facts.node} has counted ${counted(failures, "checksum failure")}`,
            at: { fromMs: 0, toMs: facts.ms },
          },
        ]
      : [];
  });
