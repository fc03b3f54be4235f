import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, test } from "vitest";
import { analyze } from "../analyze.ts";
import type { Checker } from "../checker.ts";
import { checkers } from "../checkers.ts";
import { loadHistory } from "../history/load.ts";
import type { CheckControls } from "./control.ts";
import { controls } from "./controls.ts";
import { type Judge, type PlantedResult, runPlanted } from "./planted.ts";

const of = (name: string): CheckControls => controls.find(({ check }) => check === name)!;
const all = ({ pass, fail, unknown }: CheckControls) => [...pass, ...fail, ...unknown];

test("every planted control gets the finding that it must, to the letter", async () => {
  const wrong = (await runPlanted()).filter(({ ok }) => !ok);
  expect(wrong.map(({ checker, control, expected, got }) => ({ checker, control, expected, got }))).toEqual([]);
}, 60_000);

/** Checkers that decide what is proven, and one that never decides anything: for them the words are what counts. */
const NEVER_FAIL = [
  "second-estimate",
  "durability-settings",
  "fault-effect",
  "load",
  "steady-state",
  "clock",
  "cross-check",
  "record",
];
const ALWAYS_KNOW = ["durability-settings"];

describe.each(checkers.map(({ name }) => name))("the controls of %s", (name) => {
  const source = readFileSync(path.join(import.meta.dirname, "..", "checkers", `${name}.ts`), "utf8");

  it("are there, in every verdict that the check can give", () => {
    const { pass, fail, unknown } = of(name);
    expect(pass.length).toBeGreaterThan(0);
    expect(fail.length === 0).toBe(NEVER_FAIL.includes(name));
    expect(unknown.length === 0).toBe(ALWAYS_KNOW.includes(name));
    // Only one that has no word for a verdict may be without a control for it.
    expect(/"fail"/.test(source)).toBe(!NEVER_FAIL.includes(name));
    expect(/"unknown"/.test(source)).toBe(!ALWAYS_KNOW.includes(name));
  });

  it("have names of their own, and differ in what they must find", () => {
    const names = all(of(name)).map((control) => control.name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(all(of(name)).map(({ says }) => says)).size).toBeGreaterThan(1);
  });
});

/** Drills are judged with one checker replaced. */
const judgedWith =
  (mutant: Checker): Judge =>
  async (dir) =>
    analyze(
      await loadHistory(dir),
      {},
      checkers.map((checker) => (checker.name === mutant.name ? mutant : checker)),
    );

const red = async (mutant: Checker, some: readonly CheckControls[]): Promise<PlantedResult[]> =>
  (await runPlanted(judgedWith(mutant), some)).filter(({ ok }) => !ok);

describe.each(checkers.map((checker) => [checker.name, checker] as const))(
  "a selftest notices when %s",
  (name, checker) => {
    const mine = of(name);
    /** The words of the control that passes, so that nothing but the verdict gives it away. */
    const [{ says }] = mine.pass as readonly [(typeof mine.pass)[0]];
    const saying = (verdict: "pass" | "unknown"): Checker => ({
      ...checker,
      check: () => ({ check: name, verdict, detail: says, evidence: [] }),
    });

    it("always passes", async () => {
      const missed = await red(saying("pass"), [mine]);
      expect(missed.map(({ control }) => control)).toEqual(
        all(mine)
          .filter((control) => control.says !== says)
          .map((control) => control.name),
      );
      expect(missed.every((result) => result.checker === name)).toBe(true);
    });

    it("never knows", async () => {
      expect(await red(saying("unknown"), [mine])).toHaveLength(all(mine).length);
    });

    it("miscounts by one", async () => {
      const counts = all(mine).filter((control) => /\d/.test(control.says));
      const off: Checker = {
        ...checker,
        check(history) {
          const found = checker.check(history);
          return { ...found, detail: found.detail.replace(/\d+/, (n) => String(BigInt(n) + 1n)) };
        },
      };
      expect((await red(off, [mine])).map(({ control }) => control)).toEqual(counts.map((control) => control.name));
    });
  },
);

test("a selftest notices a checker that is not heard, and one that breaks", async () => {
  const [mine] = controls as readonly [CheckControls];
  const unheard: Judge = async (dir) => analyze(await loadHistory(dir), {}, checkers.slice(1));
  expect((await runPlanted(unheard, [mine])).map(({ got }) => got)).toEqual(
    all(mine).map(() => "unknown: the check was not heard"),
  );
  const broken: Checker = {
    ...checkers[0]!,
    check() {
      throw new Error("index out of range");
    },
  };
  expect(await red(broken, [mine])).toHaveLength(all(mine).length);
});

test("a selftest notices an evaluator that breaks, and one whose verdict does not follow its findings", async () => {
  const [first] = controls;
  const broken = await runPlanted(() => Promise.reject(new Error("no memory")), [first!]);
  expect(broken.map(({ got }) => got)).toEqual(broken.map(() => "unknown: the evaluator broke: no memory"));
  const deaf = await runPlanted(async (dir) => ({ ...analyze(await loadHistory(dir)), verdict: "pass" }), [first!]);
  expect(deaf.filter(({ ok }) => !ok).map(({ got }) => got)).toContain(
    "unknown: the verdict is pass although the check says fail",
  );
});
