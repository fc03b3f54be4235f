import { describe, expect, test } from "vitest";
import type { Report } from "../report.ts";
import { reporters } from "../renderers.ts";
import { renderHtml } from "./html.ts";
import { renderTimeline } from "./timeline.ts";
import { DARK, LIGHT, PLOT_TOKENS, TEXT_TOKENS } from "./theme.ts";
import {
  HOSTILE_MARKER,
  hostile,
  inconclusive,
  lossyControl,
  luckyPass,
  mark,
  outage,
  readMarkup,
  report,
  someUsers,
} from "./testing.ts";

const reports: readonly (readonly [string, Report])[] = [
  ["pass", report()],
  ["lossy control", lossyControl()],
  ["unknown", inconclusive()],
  ["lucky pass", luckyPass()],
  ["hostile", hostile()],
  [
    "empty",
    report({
      waterfall: [],
      timeline: {
        fromMs: 0,
        bucketMs: 100,
        acknowledged: [],
        failed: [],
        indeterminate: [],
        latencyP50Ms: [],
        latencyP99Ms: [],
      },
      settings: [],
      steps: [],
      images: [],
      reasons: [],
    }),
  ],
  ["an hour", report({ timeline: outage({ backMs: 1_800_000, untilMs: 3_600_000, perSecond: 300 }) })],
];

/** What a reader sees, roughly: tags gone, entities decoded. */
const words = (html: string): string =>
  html
    .replace(/<style>[^<]*<\/style>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");

test("a restore is shown also where no backup is on record", () => {
  const restore = {
    step: "restore",
    node: "db.spare",
    backup: "b1",
    level: "full",
    dataBytes: 1,
    walBytes: 1,
    fetchMs: 1_200,
    replayMs: 300,
    backupAgeMs: null,
  };
  const page = renderHtml(report({ backups: [], restores: [restore] }));
  readMarkup(page);
  expect(words(page)).toMatch(/Backups and restores restored from data .* db\.spare b1 /);
});

test("the page says what stands where, where orders go to several stores", () => {
  const rows = [
    { stores: ["db", "cache"], count: 12_345 },
    { stores: [], count: 2 },
  ];
  const page = words(renderHtml(report({ membership: rows })));
  expect(page).toMatch(/What stands where.*db cache 12,345 no store 2/);
  expect(words(renderHtml(report()))).not.toContain("What stands where");
});

test("the page says what users saw, where a workload goes through an application", () => {
  const page = words(renderHtml(report({ users: someUsers })));
  expect(page).toContain("As the service's users saw it");
  expect(page).toContain("Users saw 40 of 1,300 requests fail (3.1 %), for 640 to 830 ms.");
  expect(page).toContain("no answer: 13, 201: 10, 503: 27");
  expect(page).not.toContain("201: 50");
  expect(words(renderHtml(report()))).not.toContain("users saw it");
});

describe.each(reports)("the page of %s", (_, data) => {
  const html = renderHtml(data);
  const tags = readMarkup(html);

  test("is well-formed and holds no markup from data", () => {
    expect(html).not.toContain(HOSTILE_MARKER);
    expect(
      tags.filter(({ name }) => ["script", "img", "link", "iframe", "object", "form", "base"].includes(name)),
    ).toEqual([]);
    expect(tags.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => name.startsWith("on"))).toEqual(
      [],
    );
  });

  test("loads nothing and links only into itself", () => {
    const targets = tags.flatMap(({ attributes: { href, src } }) => [href, src].filter((value) => value !== undefined));
    expect(targets.filter((target) => !target.startsWith("#"))).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
    const ids = tags.flatMap(({ attributes: { id } }) => (id === undefined ? [] : [id]));
    expect(new Set(ids).size).toBe(ids.length);
    expect(targets.every((target) => ids.includes(target.slice(1)))).toBe(true);
  });

  test("forbids everything but its own styles", () => {
    const policy = tags.find(({ attributes }) => attributes["http-equiv"] === "Content-Security-Policy");
    expect(policy?.attributes["content"]).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
    expect(tags.some(({ attributes }) => "style" in attributes)).toBe(false);
  });

  test("names its plots for those who do not see them", () => {
    const svgs = tags.filter(({ name }) => name === "svg");
    expect(svgs.every(({ attributes }) => attributes["role"] === "img" && attributes["aria-labelledby"])).toBe(true);
  });

  test("gives every position in a plot as a number", () => {
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("the timeline that stands alone is well-formed too", () => {
    readMarkup(renderTimeline(data));
    expect(renderTimeline(data)).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("what the page says", () => {
  test("objective and actual are different words, and the time is an interval", () => {
    const text = words(renderHtml(report()));
    expect(text).not.toMatch(/\bRTO\b|\bRPO\b/);
    expect(text).toContain("Recovery time, actual 702 – 752 ms objective 5 min; upper bound within the objective");
    expect(text).toContain("0 of 18,204 acknowledged writes lost");
    expect(text).toContain("DEVELOPMENT not evidence for an audit");
    expect(text).toContain("attempt 3 in 30 days; before it 1 passed, 1 failed, 0 other");
    expect(text).toContain("container lab, not production");
  });

  test("an attested run has no stamp", () => {
    expect(words(renderHtml(report({ class: "attested", classReasons: [] })))).not.toContain(
      "not evidence for an audit",
    );
  });

  test("a lossy control that lost data, and one that did not", () => {
    const held = words(renderHtml(lossyControl()));
    expect(held).toContain("Lossy control: failed as declared");
    expect(held).toContain("601 of 18,204 acknowledged writes lost");
    expect(held).toContain("a suffix: the newest writes are gone");
    expect(held).toContain("12 of 601; times are from the effective fault.");
    const blind = words(renderHtml(report({ expect: "fail", verdict: "pass", exitCode: 1 })));
    expect(blind).toContain("Lossy control: not as declared");
    expect(blind).not.toContain("failed as declared");
    const unproven = words(renderHtml(lossyControl({ exitCode: 3 })));
    expect(unproven).toContain("Lossy control: not proven");
  });

  test("lucky pass, overrides and unknown are not to be overlooked", () => {
    expect(words(renderHtml(luckyPass()))).toContain("the settings permit loss: fsync=off on db.primary");
    const text = words(renderHtml(inconclusive()));
    expect(text).toContain("Unknown The primary's machine is lost");
    expect(text).toContain(
      "Overridden for this run The scenario was changed on the command line: steps.0.params.disk=kept.",
    );
    expect(text).toContain("not measured objective 5 min");
    expect(text).toContain("There is no signed intent from before the fault.");
  });

  test("estimates that disagree are said to", () => {
    const text = words(
      renderHtml(lossyControl({ secondEstimate: { method: "LSN", lowest: 3, highest: 4, agrees: false } })),
    );
    expect(text).toContain("LSN: 3 to 4 lost. Disagrees with the count of 601");
  });

  test("a person's act is marked in steps, waterfall and deviations", () => {
    const human = report({
      steps: [{ name: "restore", does: "recover exec", target: "db", started: "at 60 s", human: true }],
    });
    expect(renderHtml(human).match(/class="tag">by a person/g)).toHaveLength(2);
    expect(words(renderHtml(human))).toContain("Step restore was started by a person's plan");
  });

  test("a mark far beyond the others is written at the edge and named in the caption", () => {
    const late = report({ waterfall: [...report().waterfall, mark("redundancy", "standby back", 900_000, 900_100)] });
    expect(words(renderHtml(late))).toContain("Outside the plotted time: standby back, 15 min 00 s to 15 min 01 s.");
  });
});

const channel = (hex: string, from: number): number => {
  const value = Number.parseInt(hex.slice(from, from + 2), 16) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};
const luminance = (hex: string): number =>
  0.2126 * channel(hex, 1) + 0.7152 * channel(hex, 3) + 0.0722 * channel(hex, 5);
const contrast = (a: string, b: string): number => {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
] as const)("contrast, %s (WCAG 2.2)", (_, tokens) => {
  test.each(TEXT_TOKENS)("text in %s is at least 4.5:1 on paper and wash", (name) => {
    expect(contrast(tokens[name], tokens.paper)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens[name], tokens.wash)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(PLOT_TOKENS)("the %s series is at least 3:1 on paper", (name) => {
    expect(contrast(tokens[name], tokens.paper)).toBeGreaterThanOrEqual(3);
  });
});

test("every view is pure: the same report gives the same bytes", () => {
  for (const reporter of reporters) expect(reporter.render(report())).toEqual(reporter.render(report()));
  expect(new Set(reporters.map(({ file }) => file)).size).toBe(reporters.length);
});
