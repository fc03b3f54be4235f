/** The sections after the cover, one function each, in the order in which they are read. */
import type { Report } from "../report.ts";
import type { Verdict } from "../verdict.ts";
import { counted, grouped, humanMs } from "../text.ts";
import { controlRows } from "../controls.ts";
import { management } from "./cover.ts";
import { detectors } from "./detectors.ts";
import { type Markup, code, markup, pairs, table } from "./markup.ts";
import { selftestDeviation, selftestLine } from "./selftest.ts";
import { KEYS, timelineSvg } from "./timeline.ts";
import { users } from "./users.ts";
import { verifyCommands } from "./verify-commands.ts";
import { waterfallSvg, waterfallTable } from "./waterfall.ts";
import { bytes, humanSteps, inOrder, interval, objective, objectiveOf, printed, worstFirst } from "./words.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

export function sections(report: Report): Section[] {
  return [
    section("deviations", "Deviations", deviations(report)),
    section("summary", "For management", management(report)),
    section("objectives", "Objectives, as signed before", objectives(report)),
    section("reasons", "Reasons", reasons(report)),
    section("waterfall", "Waterfall", waterfall(report)),
    section("timeline", "Timeline", timeline(report)),
    section("users", "As the service's users saw it", users(report)),
    section("data", "Data", data(report)),
    section("detectors", "What noticed", detectors(report)),
    section("membership", "What stands where", membership(report)),
    section("backups", "Backups and restores", backups(report)),
    section("topology", "Topology and settings", topology(report)),
    section("confidence", "Confidence", confidence(report)),
    section("steps", "Steps", steps(report)),
    section("host", "Host and images", host(report)),
    section("controls", "Control references", controls(report)),
    section("verify", "How to verify", verify(report)),
  ].flat();
}

/** One section, or none where there is nothing to say. */
const section = (id: string, title: string, body: Markup | null): Section[] => (body ? [{ id, title, body }] : []);

const verdictWord = (verdict: Verdict): Markup =>
  markup`<span class="tone-${verdict}"><span class="word">${verdict}</span></span>`;
const list = (items: readonly (string | Markup)[]): Markup =>
  markup`<ul>${items.map((item) => markup`<li>${item}</li>\n`)}</ul>`;

function deviations(report: Report): Markup | null {
  const { host: facts } = report;
  const selftestNotice = selftestDeviation(report);
  const found = [
    ...report.overrides.map((override) => `Overridden on the command line: ${override}`),
    ...humanSteps(report).map(
      (step) => `Step ${step} was started by a person's plan, not by a detector: detection is not measured for it.`,
    ),
    ...(report.luckyPass ? report.guaranteed.why.map((why) => `Settings permit loss: ${why}`) : []),
    ...(facts.clockSynchronised === true
      ? []
      : [
          `The host's clock is ${facts.clockSynchronised === null ? "not known to be" : "not"} synchronised; wall-clock times are labels only.`,
        ]),
    ...(facts.preload === null ? [] : [`A library was preloaded into the harness: ${facts.preload}`]),
    ...(selftestNotice === null ? [] : [selftestNotice]),
    ...(report.intent === null ? ["There is no signed intent from before the fault."] : []),
    ...(report.class === "development" ? report.classReasons.map((reason) => `Development class: ${reason}`) : []),
  ];
  return found.length === 0 ? null : list([...new Set(found)]);
}

function objectives({
  objectives: goals,
  policy,
  intent,
  expect,
  scenarioSha256,
  seed,
  reasons: findings,
}: Report): Markup {
  const rows = [
    [
      "Recovery time",
      `at most ${objective(goals.recoveryTimeMs)}`,
      "upper bound of the time from the effective fault to the first acknowledged write that was followed by sustained service",
    ],
    [
      "Lost writes",
      `at most ${grouped(goals.lostWrites)}`,
      "acknowledged writes that are absent when everything is read back",
    ],
    [
      "Detection",
      `at most ${objective(goals.detectionMs)}`,
      "upper bound of the time from the effective fault to the detector's decision",
    ],
  ] as const;
  const expected =
    expect === "fail"
      ? "the drill must lose data as declared: this is a lossy control"
      : "every objective met and every check passed";
  return markup`${table("goals", ["figure", "objective", "what is measured"], rows)}
${pairs("grid", [
  ["Condition of success", expected],
  ["Checks", findings.map((finding) => finding.check).join(", ")],
  ["Policy", markup`${policy.id} ${code(short(policy.sha256))}`],
  ["Scenario", code(short(scenarioSha256))],
  ["Seed", String(seed)],
  [
    "Intent",
    intent ? markup`entry ${intent.ledgerIndex} of the run ledger, ${code(short(intent.sha256))}` : "none was signed",
  ],
])}
<p class="note">A scenario may tighten the policy's objectives, never loosen them. The full digests stand in report.json.</p>`;
}

function backups({ backups: taken, restores }: Report): Markup | null {
  if (taken.length === 0 && restores.length === 0) return null;
  const rows = taken.map(({ component, label, level, dataBytes, storedBytes, tookMs }) => [
    markup`${component} ${code(label)}`,
    level,
    bytes(dataBytes),
    bytes(storedBytes),
    printed(tookMs),
  ]);
  const restored = restores.map(({ node, backup, dataBytes, walBytes, fetchMs, replayMs }) => [
    node,
    code(backup),
    bytes(dataBytes),
    bytes(walBytes),
    printed(fetchMs),
    printed(replayMs),
  ]);
  return markup`${rows.length > 0 && table("backups", ["backup", "level", "data", "in the store", "taken in"], rows)}
${restored.length > 0 && table("restores", ["restored", "from", "data", "WAL replayed", "fetched in", "replayed in"], restored)}`;
}

const short = (digest: string): string => (digest.length > 16 ? `${digest.slice(0, 16)}…` : digest);

const reasons = (report: Report): Markup =>
  table(
    "reasons",
    ["verdict", "check", "finding", "evidence"],
    worstFirst(report.reasons).map(({ check, verdict, detail, evidence }) => [
      verdictWord(verdict),
      check,
      detail,
      evidence.map((file, i) => markup`${i > 0 && ", "}${code(file)}`),
    ]),
  );

/** Three drawings of the same plot; the page shows the one that fits its column, so that text is never scaled out of reading. */
const WIDTHS = [
  ["wide", 900],
  ["middle", 640],
  ["narrow", 350],
] as const;
const drawings = (name: string, draw: (options: { width: number; id: string }) => Markup): Markup =>
  markup`${WIDTHS.map(([size, width]) => markup`<div class="${size}">${draw({ width, id: `${name}-${size}` })}</div>\n`)}`;

function waterfall(report: Report): Markup {
  const human = humanSteps(report);
  const goals = inOrder(report.waterfall).flatMap((mark) => {
    const ms = objectiveOf(report, mark);
    return ms === null ? [] : [`${mark.label}: objective ${objective(ms)}`];
  });
  const drawn = report.waterfall.some(({ at }) => at !== null);
  const figure = markup`<figure>${drawings("waterfall", (options) => waterfallSvg(report, options))}
<figcaption><span class="keys"><span><i class="k-ok"></i>since the mark before</span> <span><i class="k-doubt"></i>between the bounds of the mark</span></span>
Every time is an interval on one monotonic clock, counted from the instant at which the fault was seen to bite; an arrow means later than the scale. ${goals.join("; ")}.${
    human.length > 0 && ` Started by a person: ${human.join(", ")}.`
  }</figcaption></figure>`;
  return markup`${drawn && figure}
${waterfallTable(report)}`;
}

function timeline(report: Report): Markup {
  const { fromMs, bucketMs, acknowledged } = report.timeline;
  const endMs = fromMs + bucketMs * acknowledged.length;
  const beyond = inOrder(report.waterfall).flatMap(({ label, at }) =>
    at && (at.upperMs > endMs || at.upperMs < fromMs) ? [`${label}, ${interval(at)}`] : [],
  );
  const { recoveryTimeMs: goal, detectionMs } = report.objectives;
  const drawn = (
    [
      ["D", detectionMs, "detection"],
      ["R", goal, "recovery"],
    ] as const
  ).filter(([, ms]) => ms <= endMs);
  const notes = [
    "Numbers are those of the waterfall.",
    report.recoveryTime && "Shaded: from the fault to the end of the recovery time.",
    report.lost.count > 0 && "Red shade: the time in which the lost writes had been acknowledged.",
    report.baseline &&
      `Dotted: the steady state before, ${counted(Math.round(report.baseline.throughputPerSecond), "write")} a second.`,
    drawn.length > 0 &&
      `Dashed: the objective for ${drawn.map(([letter, ms, name]) => `${name} (${letter}), ${objective(ms)}`).join(", and for ")}.`,
    goal > endMs && `The objective for recovery, ${objective(goal)}, lies beyond the right edge.`,
    beyond.length > 0 && `Outside the plotted time: ${beyond.join("; ")}.`,
  ];
  return markup`<figure><ul class="keys">${KEYS.map(([name, word]) => markup`<li><i class="k-${name}"></i>${word}</li>`)}</ul>
${drawings("timeline", (options) => timelineSvg(report, options))}
<figcaption>${notes.filter(Boolean).join(" ")}</figcaption></figure>`;
}

/** Enough to find the cause; report.json has every one. */
const SHOWN_LOST = 12;

const count = (n: number, bad = false): Markup =>
  markup`<span${bad && n > 0 && markup` class="bad"`}>${grouped(n)}</span>`;

function data(report: Report): Markup {
  const { lost, operations, indeterminate } = report;
  const perStore = Object.entries(lost.byStore);
  return markup`${pairs("grid counts", [
    ["Lost", count(lost.count, true)],
    ["Of the lost, given up on purpose", report.discarded > 0 && count(report.discarded)],
    ["Phantom", count(report.phantom, true)],
    ["Resurrected", count(report.resurrected, true)],
    ["Duplicated", count(report.duplicated, true)],
    ["Mutated", count(report.mutated, true)],
    ["Stale", count(report.stale, true)],
    ["Acknowledged", count(operations.acknowledged)],
    ["Failed", count(operations.failed)],
    ["Indeterminate, present", count(indeterminate.present)],
    ["Indeterminate, absent", count(indeterminate.absent)],
  ])}
${pairs("grid", [
  ["Writes sent", grouped(operations.invoked)],
  ["Shape of the loss", SHAPES[lost.shape]],
  ["Loss in seconds", lost.count > 0 && `${lost.seconds.toFixed(2)} s before the fault`],
  ["Loss in WAL", lost.count > 0 && bytes(lost.walBytes)],
  ["Lost by store", lost.count > 0 && perStore.map(([store, n]) => `${store} ${grouped(n)}`).join(", ")],
  ["Guaranteed by the settings", report.guaranteed.zeroLoss ? "zero loss" : "loss is possible"],
])}
<h3>Second estimate</h3>
${secondEstimate(report)}
<h3>${report.guaranteed.zeroLoss ? "Why the settings rule out loss" : "Why the settings permit loss"}</h3>
${list(report.guaranteed.why)}
${lostOperations(report)}
<p class="note">An indeterminate write is one whose client never got an answer; both present and absent are legal. Phantom: present and never sent. Resurrected: present although refused. Mutated: present with other content. Stale: an older state was read.</p>`;
}

/** Nothing where every workload writes to one store. */
function membership({ membership: rows }: Report): Markup | null {
  if (rows === null) return null;
  return markup`${table(
    "membership",
    ["present in", "orders"],
    rows.map(({ stores, count: orders }) => [stores.length === 0 ? "no store" : stores.join(" "), grouped(orders)]),
  )}
<p class="note">Orders that a store acknowledged, or that were found in one, by the stores that had them when everything was read back. Their record is the first store; the check membership says which rows are wrong.</p>`;
}

const SHAPES = {
  none: "nothing lost",
  suffix: "a suffix: the newest writes are gone, as when replication lags",
  hole: "a hole: later writes survived, as with corruption or a fault of logic",
} as const;

function secondEstimate({ secondEstimate: estimate, lost }: Report): Markup {
  if (!estimate) return markup`<p>There is no independent estimate of the loss, so the count above stands alone.</p>`;
  const range =
    estimate.lowest === estimate.highest
      ? grouped(estimate.lowest)
      : `${grouped(estimate.lowest)} to ${grouped(estimate.highest)}`;
  const tone = estimate.agrees ? "pass" : "unknown";
  return markup`<p>${estimate.method}: ${range} lost. <span class="tone-${tone}"><span class="word">${estimate.agrees ? "Agrees" : "Disagrees"}</span></span> with the count of ${grouped(lost.count)} from reading back.${!estimate.agrees && " Two counts that disagree prove nothing."}</p>`;
}

function lostOperations({ lostOperations: operations, lost }: Report): Markup | null {
  if (operations.length === 0) return null;
  const rows = operations
    .slice(0, SHOWN_LOST)
    .map(({ op, store, ackMs, node, position, cause }) => [
      code(op),
      store,
      printed(ackMs),
      node,
      position === null ? null : code(position),
      cause,
    ]);
  const shown = Math.min(SHOWN_LOST, operations.length);
  return markup`<h3>First lost operations</h3>
${table("lost", ["operation", "store", "acknowledged", "by", "LSN", "cause"], rows)}
${lost.count > shown && markup`<p class="note">${grouped(shown)} of ${grouped(lost.count)}; times are from the effective fault. report.json has more, and raw/operations.jsonl against raw/recovered.jsonl has all.</p>`}`;
}

function topology({ topology: nodes, settings }: Report): Markup {
  return markup`${table(
    "nodes",
    ["node", "role", "image"],
    nodes.map(({ node, role, image }) => [node, role, code(image)]),
  )}
<h3>Settings that decide durability, as they were at the fault</h3>
${table(
  "settings",
  ["node", "setting", "value", "why it matters"],
  settings.map(({ node, name, value, matters }) => [node, code(name), code(value), matters]),
)}`;
}

function confidence(report: Report): Markup {
  const { confidence: measured, host: facts, baseline } = report;
  const { errorMs, parts, claim } = measured;
  return markup`${pairs("grid", [
    ["Error of every time", `± ${humanMs(errorMs)}`],
    ["Runs", String(claim.n)],
    [
      "Clock",
      facts.clockSynchronised === true
        ? "synchronised"
        : facts.clockSynchronised === null
          ? "synchronisation not known"
          : "not synchronised",
    ],
    ["Longest stall of the harness", humanMs(facts.eventLoopStallMs)],
    ["Controls of the checkers", selftestLine(report).text],
    [
      "Steady state before",
      baseline &&
        `${baseline.throughputPerSecond.toFixed(0)} writes/s, p50 ${humanMs(baseline.latencyP50Ms)}, p99 ${humanMs(baseline.latencyP99Ms)}`,
    ],
  ])}
<h3>What the error is made of</h3>${list(parts)}
<h3>Claim that ${claim.n === 1 ? "one run supports" : `${claim.n} runs support`}</h3><p>${claim.supported}</p>
${claim.refused.length > 0 && markup`<h3>Not claimed</h3>${list(claim.refused)}`}`;
}

const steps = ({ steps: planned }: Report): Markup =>
  table(
    "steps",
    ["step", "what it does", "target", "started"],
    planned.map(({ name, does, target, started, human }) => [
      name,
      does,
      target,
      markup`${started}${human && markup` <span class="tag">by a person</span>`}`,
    ]),
  );

function host({ host: facts, images }: Report): Markup {
  return markup`${pairs("grid", [
    ["Kernel", facts.kernel],
    ["Machine", `${facts.cpus} CPUs, ${bytes(facts.memoryBytes)}`],
    ["Engine", facts.engine],
    ["Node", facts.node],
    ["Blackstart", facts.blackstart],
    ["Evaluator", code(short(facts.evaluatorSha256))],
    ["Working tree", facts.dirty === null ? "not known" : facts.dirty ? "uncommitted changes" : "clean"],
    ["Preloaded library", facts.preload ?? "none"],
  ])}
${table(
  "images",
  ["component", "image", "origin", "digest"],
  images.map(({ component, name, origin, id, digest }) => [component, code(name), origin, code(digest ?? id)]),
)}`;
}

/** Sign and word, for a grade is no colour. */
const GRADES = { direct: "direct", supporting: "supporting", none: "no evidence" } as const;

function controls(report: Report): Markup {
  const rows = controlRows(report).map(({ control, clause, asks, shows, grade, because }) => [
    markup`${code(control)}${clause !== "" && markup` ${clause}`}`,
    asks,
    shows,
    markup`<b>${GRADES[grade]}</b>${because !== "" && markup` ${because}`}`,
  ]);
  return markup`${rows.length > 0 && table("controls", ["clause", "asks for", "evidence", "worth"], rows)}
${pairs("grid", [["Catalogue", report.covers.join(", ")]])}
<p class="note">Input for the compliance team, not legal advice. In a container lab every clause about time counts as supporting evidence only.</p>`;
}

/** Our own line breaks; one that came from data would be made visible instead. */
const lines = (text: string): Markup =>
  markup`${text.split("\n").map(
    (line, i) =>
      markup`${
        i > 0 &&
        markup`
`
      }${line}`,
  )}`;

const verify = (report: Report): Markup =>
  markup`<p>Get the public key from where your organisation pins it, never from beside the pack. Then, in the folder of the pack:</p>
<ol class="verify">${verifyCommands(report).map(({ what, command }) => markup`<li>${what}<pre>${lines(command)}</pre></li>\n`)}</ol>
<p class="note">VERIFY.md in the pack explains each step; steps 1 to 5 need nothing of ours.</p>`;
