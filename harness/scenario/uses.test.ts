import { describe, expect, test } from "vitest";
import type { ComponentKind, Use } from "../component.ts";
import { narrowChoices } from "./choices.ts";
import { problemLines } from "./problem.ts";
import type { Draft, StackDraft } from "./scenario.ts";
import { readSource } from "./source.ts";
import { StackView } from "./stack-view.ts";
import { judgeUses } from "./uses.ts";

const kindOf = (offers: string, more: Partial<ComponentKind> = {}): ComponentKind =>
  ({ kind: `of-${offers}`, offers, recoveries: [], workloads: [], ...more }) as unknown as ComponentKind;

/** Keeps rows, and names in its config what it makes use of. */
const user = kindOf("rows", { uses: (config) => (config as { uses: Use[] }).uses });
const keepsFor = (component: string, capability?: string): Use => ({
  path: ["archive", "to"],
  component,
  offers: "files",
  ...(capability && { capability }),
});
const component = (name: string, kind: ComponentKind, configs: readonly unknown[]): StackDraft => {
  const choices = configs.map((config, i) => ({ name: `product-${i + 1}`, config, nodes: [] }));
  return { name, kind, choices, config: configs[0], nodes: [] };
};
const using = (name: string, ...uses: Use[]): StackDraft => component(name, user, [{ uses }]);

/** The product says itself what it can do. */
const files = kindOf("files", { capabilities: (config) => config as string[] });
const store = (...products: string[][]): StackDraft => component("store", files, products);

const FILE = `stack:
  db: { archive: { to: store } }
  other: { archive: { to: db } }
`;

function judged(...stack: StackDraft[]): { said: string[]; stack: readonly StackDraft[] } {
  const source = readSource("x.yaml", Buffer.from(FILE));
  const draft = narrowChoices(source, { stack } as unknown as Draft);
  judgeUses(source, new StackView(source, draft.stack!));
  return { said: problemLines(source.problems), stack: draft.stack! };
}

describe("a component that makes use of another", () => {
  test("finds it", () => {
    expect(judged(using("db", keepsFor("store", "tls")), store(["tls"])).said).toEqual([]);
  });

  test("is refused one that is not in the stack", () => {
    expect(judged(using("db", keepsFor("stroe")), store([])).said).toEqual([
      'x.yaml:2:24: stack.db.archive.to: found "stroe", expected a component of the stack: one of db, store; did you mean store?',
    ]);
  });

  test("is refused one that keeps something else, and nothing is said of what that can do", () => {
    const cache = component("cache", kindOf("entries"), [{}]);
    expect(judged(using("db", keepsFor("cache", "tls")), cache).said).toEqual([
      "x.yaml:2:24: stack.db.archive.to: found cache, which keeps entries, expected a component that keeps files",
    ]);
  });

  test("is refused one that cannot do it", () => {
    expect(judged(using("db", keepsFor("store", "tls")), store(["rot"], [])).said).toEqual([
      "x.yaml:2:24: stack.db.archive.to: found store for db, which needs tls, expected what store can do as it is configured (product-1: rot; product-2: nothing of that kind)",
    ]);
  });

  test("leaves of the products those that can do it", () => {
    const { said, stack } = judged(using("db", keepsFor("store", "tls")), store([], ["tls"], ["tls", "rot"]));
    expect(said).toEqual([]);
    expect(stack[1]?.choices?.map(({ name }) => name)).toEqual(["product-2", "product-3"]);
  });

  test("is refused itself, and a circle once", () => {
    const rows = (name: string): Use => ({ ...keepsFor(name), offers: "rows" });
    expect(judged(using("db", rows("db")), store([])).said).toEqual([
      "x.yaml:2:24: stack.db.archive.to: db uses db: each would wait for the other to come up first, expected a component that does not lead back here",
    ]);
    const circle = judged(using("other", rows("third")), using("third", rows("db")), using("db", rows("third"))).said;
    expect(circle).toEqual([expect.stringContaining("stack.third.archive.to: third uses db uses third: each would")]);
  });

  test("says nothing of one whose config was refused", () => {
    const refused: StackDraft = { name: "store", kind: files, choices: undefined, config: undefined, nodes: undefined };
    expect(judged(using("db", keepsFor("store", "tls")), refused).said).toEqual([]);
  });
});
