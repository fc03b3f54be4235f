import { describe, expect, test } from "vitest";
import type { DetectorRow, Inspection } from "../report.ts";
import { noticedWords } from "./detectors.ts";
import { renderCsv } from "./csv.ts";
import { renderHtml } from "./html.ts";
import { matrixHtml, matrixOf, matrixText } from "./matrix.ts";
import { renderTerminal } from "./terminal.ts";
import { hostile, HOSTILE_MARKER, lossyControl, readMarkup, report } from "./testing.ts";
import { stamp } from "./words.ts";

const row = (detector: string, noticed: DetectorRow["noticed"], upperMs: number | null = null): DetectorRow => ({
  component: "db",
  detector,
  noticed,
  after: upperMs === null ? null : { lowerMs: upperMs - 10, upperMs },
  tookMs: detector === "server" ? null : 12,
  detail: `what ${detector} said`,
});

const inspection = (rows: readonly DetectorRow[], leftBehind = false): Inspection => ({
  since: { fault: "archive-damage", target: "db" },
  rows,
  leftBehind,
});

const noticed = inspection([
  row("ledger", "yes", 3_100),
  row("server", "no"),
  row("pg_waldump", "yes", 3_200),
  row("archiver's check", "not-run"),
  row("pg_amcheck", "no"),
]);
const clean = inspection([row("ledger", "no"), row("pg_waldump", "no"), row("archiver's check", "not-run")]);
const damaged = inspection([row("ledger", "no"), row("server", "yes", 900), row("name gap", "yes", 3_200)], true);

describe("in words", () => {
  test("who noticed first, who stayed silent, who could not look", () => {
    expect(noticedWords(noticed)).toBe(
      "noticed by ledger (+3.10 s), pg_waldump (+3.20 s); silent: pg_amcheck, server; not run: archiver's check",
    );
  });

  test("a clean drill claims no more than who looked", () => {
    expect(noticedWords(clean)).toBe(
      "nothing was noticed by 2 detectors: ledger, pg_waldump; not run: archiver's check",
    );
  });

  test("several components: one that noticed speaks for its tool", () => {
    const two = inspection([row("pg_dump", "no"), { ...row("pg_dump", "yes", 50), component: "other" }]);
    expect(noticedWords(two)).toBe("noticed by pg_dump (+50 ms)");
  });
});

test("damage that cost nothing is on page one, and no plain pass", () => {
  const found = report({ inspection: damaged });
  expect(stamp(found)).toMatchObject({ word: "Pass, damaged", tone: "lucky" });
  const text = renderTerminal(found, { width: 200 });
  expect(text).toContain(
    "Nothing lost, and damage noticed. Every acknowledged write is there, and yet name gap noticed: what name gap said.",
  );
  expect(renderHtml(found)).toContain("Nothing lost, and damage noticed");
  expect(stamp(report({ inspection: clean })).word).toBe("Pass");
  expect(stamp(lossyControl({ inspection: noticed })).word).toBe("Failed as declared");
});

describe("the page", () => {
  test("tells the three apart by sign and word", () => {
    const page = renderHtml(lossyControl({ inspection: noticed }));
    readMarkup(page);
    const section = page.slice(page.indexOf('<section id="detectors">'), page.indexOf('<section id="topology">'));
    expect(section).toContain("2 of the 4 detectors that looked noticed something, 2 stayed silent. 1 could not look.");
    for (const [name, sign, word] of [
      ["yes", "●", "noticed"],
      ["no", "○", "silent"],
      ["blind", "–", "not run"],
    ])
      expect(section).toContain(`<span class="seen ${name}"><span aria-hidden="true">${sign}</span> ${word}</span>`);
    expect(section).toContain("Times are from archive-damage of db, the first fault of the drill");
  });

  test("of a clean drill, and of one from before detectors", () => {
    expect(renderHtml(report({ inspection: clean }))).toContain(
      "2 detectors looked and noticed nothing. 1 could not look.",
    );
    expect(renderHtml(report())).not.toContain('id="detectors"');
    expect(renderTerminal(report())).not.toContain("noticed");
  });

  test("holds nothing that a tool's output could smuggle in", () => {
    const rows = [{ ...row("ledger", "yes", 5), detail: HOSTILE_MARKER, detector: HOSTILE_MARKER }];
    const page = renderHtml({ ...hostile(), inspection: inspection(rows) });
    readMarkup(page);
    expect(page).not.toContain(HOSTILE_MARKER);
  });
});

test("a row each in the table of figures", () => {
  const csv = renderCsv(report({ inspection: noticed }));
  expect(csv).toContain(",detector: pg_waldump of db,,3190,3200,ms,,noticed: what pg_waldump said\r\n");
  expect(csv).toContain(",detector: pg_amcheck of db,,,,ms,,silent: what pg_amcheck said\r\n");
});

describe("over the catalogue", () => {
  const drills = [
    report({
      scenario: "node-loss",
      covers: ["A10"],
      inspection: inspection([row("ledger", "no"), row("server", "no")]),
    }),
    lossyControl({ scenario: "segment-flip", covers: ["C1"], inspection: noticed }),
    report({ scenario: "restart", covers: ["A2"], inspection: clean }),
    report({ scenario: "other", covers: [], inspection: clean }),
  ];
  const matrix = matrixOf(
    drills.map((one) => ({ report: one, verified: null })),
    [{ run: "2026-11-23T10-00-00Z-cut", why: "it was interrupted" }],
  );

  test("by catalogue id, the numbers of the columns below, with counts", () => {
    expect(matrixText(matrix)).toBe(`catalogue  scenario      verdict             lost  1  2  3  4  5
A2         restart       Pass                0     ○     –     ○
A10        node-loss     Pass                0     ○  ○
C1         segment-flip  Failed as declared  601   ●  ○  –  ○  ●
           other         Pass                0     ○     –     ○

   detector          noticed  silent  not run  silent though the ledger noticed
1  ledger            1        3       0        0
2  server            0        2       0        1
3  archiver's check  0        0       3        0
4  pg_amcheck        0        1       0        1
5  pg_waldump        1        2       0        0

● noticed   ○ looked and stayed silent   – could not look   (nothing: not part of that drill)
No public key was given, so no signature was checked: only that the files of each pack are those that its own statement names, with the digests that it gives. Anybody can make such a pack.

left out: 2026-11-23T10-00-00Z-cut: it was interrupted
`);
  });

  test("as a page", () => {
    const page = matrixHtml(matrix);
    const tags = readMarkup(page);
    expect(tags.filter(({ name }) => name === "script")).toEqual([]);
    expect(page).toContain('title="3.19 to 3.20 s after the fault: what pg_waldump said"');
    expect(page).toContain("it was interrupted");
    expect(page).toContain("no signature was checked");
    expect(page).not.toContain("that is whole");
  });

  test("says under which keys only where some were given", () => {
    const given = matrixOf([{ report: drills[0]!, verified: true }], []);
    expect(matrixText(given)).not.toContain("No public key");
    expect(matrixHtml(given)).toContain("Every pack verifies under a key that was given.");
  });

  test("takes names that are special to JavaScript for plain names", () => {
    const odd = ["constructor", "__proto__", "hasOwnProperty"];
    const strange = report({
      scenario: "strange",
      covers: ["A1"],
      inspection: inspection(odd.map((d) => row(d, "no"))),
    });
    const both = matrixOf(
      [drills[0]!, strange].map((one) => ({ report: one, verified: null })),
      [],
    );
    for (const detector of odd)
      expect(both.detectors.find((one) => one.detector === detector)).toMatchObject({
        silent: 1,
        noticed: 0,
        notRun: 0,
      });
    expect(matrixText(both)).toMatch(/strange +Pass +0 +○ {2}○ {2}○\n/);
    expect(matrixText(both)).toMatch(/node-loss +Pass +0 +○ {2}○\n/);
    readMarkup(matrixHtml(both));
  });
});
