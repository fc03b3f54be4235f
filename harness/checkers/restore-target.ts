import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { lineageWords, parsePosition } from "../position.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding, type Judged } from "./findings.ts";
import { lineagesLeft, positionOf, positionsOf } from "./positions.ts";
import { eventsOf, keyOf, servingFacts, wasReadBack } from "./reading.ts";

/** A point lies between two positions of a lineage: a transaction, a time and a name have none of their own. */
interface Point {
  readonly step: string;
  readonly store: string;
  readonly lineage: string;
  readonly from: bigint;
  readonly upTo: bigint;
  readonly words: string;
}

/**
 * A restore that was told to end at a point keeps what lies before it and nothing beyond. Each write is known to lie between two
 * positions, so only what is certain on which side it is counts.
 */
function check(history: History): Finding {
  const say = finding("restore-target", ["raw/events.jsonl", "raw/recovered.jsonl", "raw/facts.jsonl"]);
  const told = eventsOf(history, "rewound");
  if (told.length === 0) return say("pass", "no restore that clients were led to was told to end at a point");
  if (!wasReadBack(history)) return say("unknown", "nothing was read back: where the restore ended is not known");
  const points = told.map(({ data }) => pointOf(data));
  const strange = points.find((point) => typeof point === "string");
  if (typeof strange === "string") return say("unknown", strange);
  const judged = (points as Point[]).map((point) => judgePoint(history, point));
  const found = (verdict: string) => judged.filter((one) => one.verdict === verdict).map(({ detail }) => detail);
  if (found("fail").length > 0) return say("fail", found("fail").join("; "));
  if (found("unknown").length > 0) return say("unknown", found("unknown").join("; "));
  return say("pass", found("pass").join("; "));
}

function pointOf({ step, store, lineage, position, upTo = position }: Told): Point | string {
  const [from, to] = [parsePosition(position), parsePosition(upTo)];
  if (from === null || to === null || to < from)
    return `${step} was told to end between ${position} and ${upTo}, which are no positions in this order`;
  const words = `${position}${to > from ? ` to ${upTo}` : ""} on ${lineageWords(lineage)}`;
  return { step, store, lineage, from, upTo: to, words };
}

type Told = { step: string; store: string; lineage: string; position: string; upTo?: string };

function judgePoint(history: History, point: Point): Judged {
  const { step, words } = point;
  const sides = sidesOf(history, point);
  if (typeof sides === "string") return { verdict: "unknown", detail: `${step}: ${sides}` };
  const ended = endOf(history, point);
  if (typeof ended === "string") return { verdict: "unknown", detail: `${step}: ${ended}` };
  const wrong = [
    ...(ended.at > point.upTo ? [`recovery ended at ${ended.said}, beyond the point`] : []),
    ...(sides.beyondPresent > 0
      ? [`${counted(sides.beyondPresent, "write from beyond the point is", "writes from beyond the point are")} there`]
      : []),
    ...(sides.beforeAbsent > 0
      ? [`${counted(sides.beforeAbsent, "write from before the point is", "writes from before the point are")} gone`]
      : []),
  ];
  if (wrong.length > 0) return { verdict: "fail", detail: `${step}, told to end at ${words}: ${wrong.join(", ")}` };
  const { before, beyond, undecided } = sides;
  if (before + beyond === 0)
    return {
      verdict: "unknown",
      detail: `${step} ended at ${ended.said}, told was ${words}: of ${counted(undecided, "write")} none is known to lie on either side of it`,
    };
  return {
    verdict: "pass",
    detail: `${step} ended at ${ended.said}, told was ${words}: all of ${counted(before, "write")} before it are there and none of ${grouped(beyond)} beyond it, ${counted(undecided, "lies", "lie")} too close to say`,
  };
}

interface Sides {
  readonly before: number;
  readonly beforeAbsent: number;
  readonly beyond: number;
  readonly beyondPresent: number;
  readonly undecided: number;
}

function sidesOf(history: History, { store, lineage, from, upTo }: Point): Sides | string {
  const positions = positionsOf(history);
  if ("missing" in positions) return positions.missing;
  const present = new Set(history.recovered.map(keyOf));
  const mine = history.operations.filter((op) => op.outcome === "ok" && op.store === store && op.lineage === lineage);
  const beyond = mine.filter((op) => (positionOf(op) ?? -1n) >= upTo);
  const before = mine.filter((op) => positions.endsBefore(op, from));
  return {
    before: before.length,
    beforeAbsent: before.filter((op) => !present.has(keyOf(op))).length,
    beyond: beyond.length,
    beyondPresent: beyond.filter((op) => present.has(keyOf(op))).length,
    undecided: mine.length - before.length - beyond.length,
  };
}

/** Where the lineage was left, by the node that serves. */
function endOf(history: History, { store, lineage }: Point): { at: bigint; said: string } | string {
  const left = lineagesLeft(servingFacts(history, store)?.values ?? {});
  return (
    left.find((one) => one.lineage === lineage) ??
    `the node that serves does not say where it left ${lineageWords(lineage)}`
  );
}

export const restoreTarget: Checker = {
  name: "restore-target",
  summary: "A restore that was told to end at a point kept everything before it and nothing beyond",
  always: true,
  check,
};
