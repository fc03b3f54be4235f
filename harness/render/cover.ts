/** The cover and the half page for management: what a reader sees who reads nothing else. */
import type { Interval, Report } from "../report.ts";
import { counted, grouped } from "../text.ts";
import { acceptedRisks } from "./accepted-risks.ts";
import { type Markup, code, markup, pairs } from "./markup.ts";
import { selftestLine } from "./selftest.ts";
import {
  against,
  attempts,
  banners,
  environment,
  heldAsDeclared,
  humanSteps,
  interval,
  intervalParts,
  lostOf,
  objective,
  stamp,
} from "./words.ts";

export function cover(report: Report): Markup {
  const { word, meaning } = stamp(report);
  // A lucky pass and a control are explained by their banner.
  const explained = report.verdict === "unknown" || (report.expect === "pass" && !report.luckyPass);
  return markup`<div class="top"><span><b>Blackstart</b> drill report</span><span>${report.run}</span></div>
<header class="lead">
${report.class === "development" && markup`<div class="stamp"><b>DEVELOPMENT</b>not evidence for an audit</div>`}
<h1><span class="verdict">${word}</span> <span class="title">${report.title}</span></h1>
<p class="sentence">${report.sentence}</p>
${explained && markup`<p class="meaning">${meaning}</p>`}
</header>
${[...acceptedRisks(report), ...banners(report)].map(({ tone, title, text }) => markup`<div class="banner tone-${tone}"><p><b>${title}</b>${text}</p></div>\n`)}
${figures(report)}
${facts(report)}`;
}

function figures(report: Report): Markup {
  const { lost, operations, objectives } = report;
  const lostTone = lost.count <= objectives.lostWrites ? "pass" : "fail";
  return markup`<dl class="figures">
${timeFigure("Recovery time, actual", report.recoveryTime, objectives.recoveryTimeMs)}
<div class="tone-${report.verdict === "unknown" ? "unknown" : lostTone}"><dt>Acknowledged writes lost, actual</dt>
<dd class="big">${grouped(lost.count)} <small>of ${grouped(operations.acknowledged)}</small></dd>
<dd class="against">${lostOf(report)}; objective at most ${grouped(objectives.lostWrites)}</dd></div>
${timeFigure("Detection, actual", report.detection, objectives.detectionMs)}
</dl>`;
}

function timeFigure(term: string, value: Interval | null, objectiveMs: number): Markup {
  if (!value)
    return markup`<div class="tone-unknown"><dt>${term}</dt><dd class="big long"><span class="word">not measured</span></dd>
<dd class="against">objective ${objective(objectiveMs)}; the reasons say why</dd></div>`;
  const { from, to, unit } = intervalParts(value);
  const { tone, words } = against(value, objectiveMs);
  return markup`<div class="tone-${tone}"><dt>${term}</dt>
<dd class="big${unit === "" && from !== to && " long"}">${ends(from, to, unit)}${unit && markup` <small>${unit}</small>`}</dd>
<dd class="against">objective ${objective(objectiveMs)}; <span class="${tone !== "pass" && "word"}">${words}</span></dd></div>\n`;
}

const kept = (text: string): Markup => markup`<span class="kept">${text}</span>`;

/** `702 – 752`, or two times with their own units, neither of which is broken between number and unit. */
const ends = (from: string, to: string, unit: string): Markup => {
  if (from === to) return kept(from);
  return unit === "" ? markup`${kept(from)} to ${kept(to)}` : kept(`${from} – ${to}`);
};

function facts(report: Report): Markup {
  return pairs("facts", [
    ["Environment", environment(report)],
    ["Evidence class", report.class],
    ["Attempts", attempts(report)],
    ["Key fingerprint", report.keyFingerprint === null ? "not signed" : code(report.keyFingerprint)],
    ...(report.witnesses ?? []).map((witness) => ["Seen before the fault by", witness] as const),
    ["Scenario", report.scenario],
    ["Run", report.run],
    ["Started", minute(report.startedAt)],
    ["Ended", minute(report.endedAt)],
    ["Controls of the checkers", selftestLine(report).text],
  ]);
}

/** `2026-11-23 10:00:14 UTC`; anything that is no ISO time stays as it is. */
const minute = (iso: string): string => iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, "$1 $2 UTC");

/** For a reader who does not know what a standby is: what was done, what came out, what it does not show. */
export function management(report: Report): Markup {
  return markup`<div class="plain"><p>${tested(report)}</p><p>${service(report)} ${data(report)}</p><p>${conclusion(report)}</p><p class="quiet">${limits(report)}</p></div>`;
}

function tested(report: Report): string {
  const human =
    humanSteps(report).length > 0
      ? " A person's planned act started the recovery, so the time that people need to notice and decide is not in the figures."
      : "";
  return `We broke a real system on purpose while it was taking writes, ran the recovery procedure, and measured what clients saw. ${report.sentence}${human}`;
}

function service({ recoveryTime }: Report): string {
  if (!recoveryTime) return "How long service was away could not be measured.";
  const { lowerMs, upperMs, objectiveMs } = recoveryTime;
  const share = (100 * upperMs) / objectiveMs;
  const used = share < 1 ? "less than 1 %" : `${Math.ceil(share)} %`;
  return `Clients could write again, and went on being able to, after ${interval({ lowerMs, upperMs })}. The objective is ${objective(objectiveMs)}; at most ${used} of it was used.`;
}

function data(report: Report): string {
  const { lost, operations, phantom, resurrected, duplicated, mutated, stale } = report;
  const wrong = phantom + resurrected + duplicated + mutated + stale;
  const there =
    lost.count === 0
      ? `Of ${counted(operations.acknowledged, "write")} that the system had confirmed, every one was there afterwards.`
      : `Of ${counted(operations.acknowledged, "write")} that the system had confirmed, ${counted(lost.count, "was", "were")} gone afterwards; the oldest was confirmed ${lost.seconds.toFixed(2)} s before the failure.`;
  return wrong === 0
    ? `${there} Nothing was changed, doubled or made up.`
    : `${there} ${grouped(wrong)} more were changed, doubled, stale or never written by us.`;
}

function conclusion(report: Report): Markup {
  const { tone, word, meaning } = stamp(report);
  const verdict = markup`<span class="tone-${tone}"><span class="word">${word}.</span></span>`;
  if (report.luckyPass) return markup`${verdict} ${meaning} The next drill with the same settings may lose data.`;
  if (heldAsDeclared(report)) return markup`${verdict} The loss was declared before the drill and is what it was for.`;
  return markup`${verdict} ${meaning}`;
}

function limits(report: Report): string {
  const place =
    report.host.environmentKind === "container-lab"
      ? "It ran in containers on one machine: it proves the mechanism and the configuration, not the production estate."
      : `It ran in an environment of the kind ${environment(report)}.`;
  const kind =
    report.class === "development" ? " The evidence is of the class development and cannot satisfy an audit." : "";
  return `What this does not show. ${place} ${report.confidence.claim.supported}${kind}`;
}
