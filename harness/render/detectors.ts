/** Who noticed that something is wrong, and who looked and stayed silent. The three are told apart by sign and word, not by colour. */
import type { DetectorRow, Inspection, Report } from "../report.ts";
import { counted, grouped, humanMs } from "../text.ts";
import { type Markup, markup, table } from "./markup.ts";
import { interval, printed } from "./words.ts";

type Noticed = DetectorRow["noticed"];

const SEEN: Readonly<Record<Noticed, { readonly sign: string; readonly word: string; readonly name: string }>> = {
  yes: { sign: "●", word: "noticed", name: "yes" },
  no: { sign: "○", word: "silent", name: "no" },
  "not-run": { sign: "–", word: "not run", name: "blind" },
};

/** Nothing where the detector was no part of the drill. */
export const seenSign = (noticed: Noticed | undefined): string => (noticed ? SEEN[noticed].sign : "");

export const seenWord = (noticed: Noticed): string => SEEN[noticed]?.word ?? "not run";

export function seenMark(noticed: Noticed): Markup {
  const { sign, word, name } = SEEN[noticed] ?? SEEN["not-run"];
  return markup`<span class="seen ${name}"><span aria-hidden="true">${sign}</span> ${word}</span>`;
}

/** Each detector once, with the best that it did: it noticed in one component, or stayed silent in all that it looked at. */
export function byDetector(rows: readonly DetectorRow[]): DetectorRow[] {
  const rank: readonly string[] = ["not-run", "no", "yes"];
  const best = new Map<string, DetectorRow>();
  for (const row of rows) {
    const known = best.get(row.detector);
    if (!known || rank.indexOf(row.noticed) > rank.indexOf(known.noticed)) best.set(row.detector, row);
  }
  return [...best.values()];
}

/** What noticed first comes first; what did not, by name, so that two drills can be compared. */
const inOrder = (rows: readonly DetectorRow[]): DetectorRow[] =>
  rows.toSorted(
    (a, b) =>
      (a.after?.upperMs ?? Infinity) - (b.after?.upperMs ?? Infinity) ||
      a.detector.localeCompare(b.detector, "en") ||
      a.component.localeCompare(b.component, "en"),
  );

const of = (rows: readonly DetectorRow[], noticed: Noticed): DetectorRow[] =>
  inOrder(byDetector(rows).filter((row) => row.noticed === noticed));

const names = (rows: readonly DetectorRow[]): string => rows.map(({ detector }) => detector).join(", ");

/** `noticed by ledger (+8.2 s), pg_waldump (+9.1 s); silent: server, pg_amcheck; not run: pg_checksums`. */
export function noticedWords({ rows }: Inspection): string {
  const [yes, no, blind] = [of(rows, "yes"), of(rows, "no"), of(rows, "not-run")];
  const within = ({ detector, after }: DetectorRow): string =>
    after ? `${detector} (+${printed(after.upperMs)})` : detector;
  return [
    ...(yes.length > 0 ? [`noticed by ${yes.map(within).join(", ")}`] : []),
    ...(no.length === 0
      ? []
      : yes.length > 0
        ? [`silent: ${names(no)}`]
        : [`nothing was noticed by ${counted(no.length, "detector")}: ${names(no)}`]),
    ...(blind.length > 0 ? [`not run: ${names(blind)}`] : []),
  ].join("; ");
}

/** Nothing where nobody looked. */
export function detectors({ inspection }: Report): Markup | null {
  if (!inspection || inspection.rows.length === 0) return null;
  const { rows, since } = inspection;
  const several = new Set(rows.map(({ component }) => component)).size > 1 && rows.length > byDetector(rows).length;
  const sorted = (["yes", "no", "not-run"] as const).flatMap((noticed) =>
    inOrder(rows.filter((row) => row.noticed === noticed)),
  );
  const from = since ? `${since.fault} of ${since.target}, the first fault of the drill: no damage is older` : null;
  return markup`<p>${summary(rows)}</p>
${table(
  "detectors",
  ["detector", "noticed?", ...(several ? ["component"] : []), "after the fault", "took", "what it found"],
  sorted.map(({ detector, noticed, component, after, tookMs, detail }) => [
    detector,
    seenMark(noticed),
    ...(several ? [component] : []),
    after && interval(after),
    noticed !== "not-run" && tookMs !== null && humanMs(tookMs),
    detail,
  ]),
)}
<p class="note">${from && `Times are from ${from}. `}Each tool ran once, after everything had been read back: its time says when this drill ran it, what it took is what it costs. Silent: it looked and found nothing, which does not mean that nothing is wrong. Not run: it could not look.</p>`;
}

function summary(rows: readonly DetectorRow[]): string {
  const [yes, no, blind] = [of(rows, "yes").length, of(rows, "no").length, of(rows, "not-run").length];
  const rest = blind > 0 ? ` ${grouped(blind)} could not look.` : "";
  if (yes === 0) return `${counted(no, "detector")} looked and noticed nothing.${rest}`;
  return `${grouped(yes)} of the ${counted(yes + no, "detector")} that looked noticed something, ${no === 0 ? "none" : grouped(no)} stayed silent.${rest}`;
}
