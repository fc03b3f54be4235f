/** The page of a series of restore tests: it loads nothing and runs nothing, like that of a drill. */
import type { Line } from "../least-squares.ts";
import { pointOf, type Extrapolation, fittedOf, type RestoreTest, type Which } from "../restore-test.ts";
import { judgeInterval, type Verdict, worst } from "../verdict.ts";
import { counted, grouped } from "../text.ts";
import { code, type Markup, markup, pairs, table } from "./markup.ts";
import { htmlPage } from "./page.ts";
import { pageCss, plotCss, tokenCss } from "./theme.ts";
import { interval, objective, printed } from "./words.ts";
import { restorePlot } from "./restore-plot.ts";

export function renderRestoreTest(test: RestoreTest): string {
  const { tone, word, meaning } = stampOf(test);
  const body = markup`<div class="page">
<div class="top"><span><b>Blackstart</b> restore test</span><span>${test.startedAt.slice(0, 16).replace("T", " ")} UTC</span></div>
<header class="lead"><h1><span class="verdict">${word}</span><span class="title">${headline(test)}</span></h1>
<p class="sentence">${meaning}</p></header>
<main>
<section><h2>Against the objectives</h2>${goals(test)}</section>
<section><h2>Drills</h2>${drills(test)}</section>
<section><h2>Seconds against size</h2>${line(test)}</section>
<section><h2>Production size</h2>${production(test)}</section>
<section><h2>Restores</h2>${restores(test)}</section>
<section><h2>Backups</h2>${backups(test)}</section>
</main>
<footer>This page is not signed. Each drill on it that came to a report is a run with a signed pack of its own, and everything here is from those reports; ${code("blackstart verify")} checks the packs under a key that you trust. An objective is what was asked for, an actual is what was measured.</footer>
</div>`;
  return htmlPage({
    title: `${word}: restore test by ${test.tool}, ${test.startedAt.slice(0, 10)}`,
    css: tokenCss + plotCss + pageCss + OWN_CSS,
    classes: `tone-${tone}`,
    body,
  });
}

const OWN_CSS = `
.plot .dot{fill:var(--p50);stroke:var(--paper);stroke-width:1}
.plot .ring{fill:var(--paper);stroke:var(--p99);stroke-width:1.8}
.plot .cross{stroke:var(--fail);stroke-width:2}
.plot .fit{stroke:var(--p50);stroke-width:1.6}
.keys i.k-dot{border-radius:50%;background:var(--p50)}
.keys i.k-ring{border-radius:50%;background:none;border:2px solid var(--p99)}
.keys i.k-fit{height:2px;vertical-align:4px;background:var(--p50)}
.keys i.k-cross{background:none;border-top:2px solid var(--fail);height:0;vertical-align:4px}
.marked{border-left:5px solid var(--unknown);background:var(--wash);padding:11px 18px 12px;margin:0 0 14px}
.marked p{margin:0;max-width:90ch}
.marked b{color:var(--unknown);display:block}
.marked .big{font-size:clamp(24px,3vw,34px);font-weight:650;letter-spacing:-.02em;line-height:1.25}
`;

/** What was restored and proven, and out of how many: the word above it is the worst of them. */
function headline({ drills: all, tool }: RestoreTest): string {
  const proven = (which: Which): string => {
    const asked = all.filter((drill) => drill.which === which);
    const good = asked.filter(({ verdict }) => verdict === "pass").length;
    return `the ${which} backup in ${good} of ${counted(asked.length, "drill")}`;
  };
  return `Restored and proven good: ${proven("newest")}, ${proven("oldest")}; archiver: ${tool}`;
}

/** The worst drill decides; figures against the ADR stand beside it. */
export function stampOf({ drills: all }: RestoreTest): { tone: Verdict; word: string; meaning: string } {
  const count = (verdict: string) => all.filter((drill) => drill.verdict === verdict).length;
  const n = counted(all.length, "drill");
  if (count("fail") > 0) return { tone: "fail", word: "Fail", meaning: `${count("fail")} of ${n} failed.` };
  const proven = count("pass");
  if (proven < all.length || all.length === 0)
    return {
      tone: "unknown",
      word: "Unknown",
      meaning: `${proven} of ${n} passed; what was not proven never counts as a pass.`,
    };
  return {
    tone: "pass",
    word: "Pass",
    meaning: all.every(({ lost }) => lost === 0)
      ? `All ${n} passed: every acknowledged write was read back after each restore.`
      : `All ${n} passed; not every acknowledged write was read back.`,
  };
}

const word = (verdict: Verdict | "not run" | "not measured"): Markup =>
  markup`<span class="tone-${verdict === "pass" || verdict === "fail" ? verdict : "unknown"}"><span class="word">${verdict}</span></span>`;

function goals({ compression, validation, drills: all, objectiveMs }: RestoreTest): Markup {
  const uppers = all.flatMap(({ recoveryTime }) => (recoveryTime ? [recoveryTime.upperMs] : []));
  const slowest = uppers.length === all.length && uppers.length > 0 ? Math.max(...uppers) : null;
  const inTime = worst(all.map(({ recoveryTime }) => inTimeOf(recoveryTime)));
  return markup`${table(
    "goals",
    ["figure", "objective", "verdict", "actual"],
    [
      [
        "Recovery time",
        objectiveMs === null ? "not known" : `under ${objective(objectiveMs)}`,
        word(inTime),
        slowest === null
          ? "not measured in every drill"
          : `at most ${printed(slowest)} at the sizes measured, from the planned end of the old machine, which nobody had to notice, to lasting service`,
      ],
      [
        "Compression",
        `at least ${compression.leastSaved * 100} % saved`,
        word(compression.verdict),
        compression.detail,
      ],
      [
        "Validation",
        `under ${validation.withinMs / 3_600_000} h from the end of a backup`,
        word(validation.verdict),
        validation.detail,
      ],
      [
        "Retention",
        "at least 90 days",
        word("not measured"),
        "no drill lasts as long; a lock on the store is tried by drills of its own",
      ],
    ],
  )}
<p class="note">The data is made up: a third of it does not compress at all, the rest does. The ratio shows that compression works in this tool and as it is set up, and says nothing about production's own data. ADR-004 wants every backup validated; one that was not restored here was not validated here. The page's verdict and the exit code are those of the worst drill; compression and validation change neither.</p>`;
}

const inTimeOf = (measured: RestoreTest["drills"][number]["recoveryTime"]): Verdict =>
  measured ? judgeInterval(measured.lowerMs, measured.upperMs, measured.objectiveMs) : "unknown";

const drills = ({ drills: all }: RestoreTest): Markup =>
  table(
    "drills",
    ["verdict", "backup", "made-up data", "lost", "recovery time", "checks", "run"],
    all.map((drill) => [
      word(drill.verdict),
      drill.which,
      size(drill.ballastBytes),
      drill.lost === null ? "" : `${grouped(drill.lost)} of ${grouped(drill.acknowledged ?? 0)}`,
      drill.recoveryTime ? interval(drill.recoveryTime) : "not measured",
      drill.checks.length === 0 ? "" : checksOf(drill.checks),
      drill.run === null
        ? (drill.missing ?? "")
        : markup`<a href="../${drill.run}/views/report.html">${drill.run}</a>${drill.missing && `: ${drill.missing}`}`,
    ]),
  );

function checksOf(checks: RestoreTest["drills"][number]["checks"]): string {
  const bad = checks.filter(({ verdict }) => verdict !== "pass");
  if (bad.length === 0) return `all ${checks.length} passed`;
  return bad.map(({ check, verdict }) => `${check} ${verdict}`).join(", ");
}

function line(test: RestoreTest): Markup {
  const { line: fit, lineRefused, restores: all } = test;
  const plots = [
    ["wide", 860],
    ["middle", 560],
    ["narrow", 340],
  ] as const;
  const figure = markup`<ul class="keys"><li><i class="k-dot"></i>newest backup</li><li><i class="k-ring"></i>oldest backup, not part of the line</li>${fit && markup`<li><i class="k-fit"></i>line of least squares</li>`}${all.some(({ verdict }) => verdict !== "pass") && markup`<li><i class="k-cross"></i>drill not passed, not part of the line</li>`}</ul>
<figure>${plots.map(([name, width]) => markup`<div class="${name}">${restorePlot(test, width)}</div>`)}
<figcaption>From when the backup began to be fetched until the machine served, against the size of the databases on it. What comes before that, noticing a loss and deciding included, is not in it.</figcaption></figure>`;
  if (all.length === 0) return markup`<p>No restore is on record.</p>`;
  if (!fit) return markup`${figure}<p>${lineRefused}.</p>`;
  const names = fittedOf(all);
  const pace = fit.slope > 0 ? `${size(1 / fit.slope)} a second` : "none: it does not rise";
  return markup`${figure}
${pairs("grid", [
  ["Line", lineOf(fit)],
  ["Pace on the line", pace],
  ["n", String(fit.n)],
  ["R²", fit.r2.toFixed(4)],
  ["Standard error", seconds(fit.standardError)],
])}
${table(
  "residuals",
  ["data", "measured", "on the line", "residual"],
  names.map((restore, i) => {
    const { x, y } = pointOf(restore);
    const left = fit.residuals[i] ?? 0;
    return [size(x), seconds(y), seconds(y - left), `${left < 0 ? "−" : "+"}${seconds(Math.abs(left))}`];
  }),
)}
<p class="note">R² near 1 says that a line describes these points, not that it holds for others.</p>`;
}

function production({
  extrapolation,
  extrapolationRefused,
  objectiveMs,
  restores: all,
  line: fit,
}: RestoreTest): Markup {
  if (!extrapolation) return markup`<p>${extrapolationRefused ?? ""}.</p>`;
  const { atBytes, value, mark } = extrapolation;
  const wal = fittedOf(all).map(({ walBytes }) => walBytes);
  return markup`<div class="marked"><b>${mark[0]!.toUpperCase()}${mark.slice(1)}</b><p><span class="big">${long(value)} at ${decimal(atBytes)}</span></p>
<p>95 % prediction interval ${intervalWords(extrapolation)}, from ${fit?.n ?? 0} restores. ${comparison(extrapolation, objectiveMs)}</p></div>
<p class="note">The interval assumes that the line holds at that size too. A larger database meets limits that these sizes did not: caches that no longer hold it, a network or a drive that is full, more files. It also holds for little history to replay: here at most ${size(Math.max(0, ...wal))} of WAL a restore, while production replays everything since its newest backup.</p>`;
}

export function comparison({ againstObjective }: Extrapolation, objectiveMs: number | null): string {
  if (objectiveMs === null) return "No objective is on record to hold it against.";
  const goal = `the objective of ${objective(objectiveMs)}`;
  if (againstObjective === "under")
    return `Were it so, the whole interval would lie under ${goal}, with nobody's time to notice and to decide in it; that is not a measurement and proves nothing.`;
  if (againstObjective === "not under")
    return `Were it so, no part of the interval would lie under ${goal}: a restore alone could not meet it at that size.`;
  return `The interval lies on both sides of ${goal}: nothing can be said.`;
}

export const intervalWords = ({ lower, upper }: Extrapolation): string => `${long(lower)} to ${long(upper)}`;

const restores = ({ restores: all, backups: taken }: RestoreTest): Markup =>
  table(
    "restores",
    [
      "verdict",
      "backup",
      "data",
      "in the store",
      "WAL replayed",
      "fetched in",
      "replayed in",
      "together",
      "age of the backup when it served",
    ],
    all.map((restore) => {
      const stored = taken.find(({ run, label }) => run === restore.run && label === restore.backup)?.storedBytes;
      return [
        word(restore.verdict),
        `${restore.which}, ${restore.level}`,
        size(restore.dataBytes),
        stored === undefined ? "not on record" : size(stored),
        size(restore.walBytes),
        seconds(restore.fetchMs / 1_000),
        seconds(restore.replayMs / 1_000),
        seconds(restore.totalMs / 1_000),
        restore.backupAgeMs === null ? "not on record" : seconds(restore.backupAgeMs / 1_000),
      ];
    }),
  );

const backups = ({ backups: all, compression: { leastSaved } }: RestoreTest): Markup =>
  table(
    "backups",
    ["label", "level", "data", "in the store", "saved", "taken in"],
    all.map(({ label, level, dataBytes, storedBytes, saved, tookMs }) => [
      code(label),
      level,
      size(dataBytes),
      size(storedBytes),
      level === "full"
        ? markup`<span class="tone-${saved >= leastSaved ? "pass" : "fail"}"><span class="word">${percent(saved)}</span></span>`
        : `${percent(saved)}, of what changed alone`,
      seconds(tookMs / 1_000),
    ]),
  );

const percent = (share: number): string => `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
const seconds = (value: number): string => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)} s`;

const size = (bytes: number): string =>
  bytes >= 10 * 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

export function lineOf({ intercept, slope }: Line): string {
  const perGiB = slope * 1024 ** 3;
  return `${seconds(intercept)} ${perGiB < 0 ? "−" : "+"} ${seconds(Math.abs(perGiB))} per GiB`;
}

/** As people name the size of a production system. */
export function decimal(bytes: number): string {
  const [unit, power] = bytes >= 1e12 ? ["TB", 12] : bytes >= 1e9 ? ["GB", 9] : ["MB", 6];
  return `${Number((bytes / 10 ** power).toFixed(2))} ${unit}`;
}

/** Seconds of anything from an instant to days. */
export function long(value: number): string {
  if (value < 120) return `${value.toFixed(1)} s`;
  if (value < 2 * 3_600) return `${(value / 60).toFixed(1)} min`;
  return `${(value / 3_600).toFixed(1)} h`;
}
