import { expect, test } from "vitest";
import type { Component } from "../component.ts";
import type { Node } from "../node.ts";
import { factsOf } from "./facts.ts";

const node = (name: string, state: string) => ({ name, state: async () => state }) as Partial<Node> as Node;
const component = { name: "db", clients: { leadsTo: "db.a" } } as Partial<Component> as Component;

test("every node is asked, and one that cannot be says why", async () => {
  const nodes = [node("db.a", "running"), node("db.b", "running"), node("db.c", "stopped")];
  const asked: [string, number][] = [];
  const facts = await factsOf(component, nodes, "fault", async ({ name }, { serves, timeoutMs }) => {
    asked.push([name, timeoutMs]);
    if (!serves) throw new Error("no answer");
    return { version: "17" };
  });
  expect(asked).toEqual([
    ["db.a", 300],
    ["db.b", 300],
  ]);
  expect(facts).toEqual([
    { at: "fault", component: "db", node: "db.a", values: { version: "17", serves: "true" } },
    { at: "fault", component: "db", node: "db.b", values: { unreachable: "no answer" } },
    { at: "fault", component: "db", node: "db.c", values: { unreachable: "the node is stopped" } },
  ]);
});
