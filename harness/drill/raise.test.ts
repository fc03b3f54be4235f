import { beforeEach, expect, test, vi } from "vitest";
import type { Component, ComponentKind, StackContext } from "../component.ts";
import type { EngineContext } from "../engine/stack.ts";
import { raiseAll } from "./raise.ts";

type BootFake = (name: string, config: unknown, context: StackContext) => Promise<Component>;

const fakes = vi.hoisted(() => new Map<string, unknown>());
vi.mock(import("../components.ts"), () => ({
  componentKinds: [],
  componentKind: (kind: string) => ({ load: async () => ({ boot: fakes.get(kind) }) }) as unknown as ComponentKind,
}));

let order: string[] = [];
beforeEach(() => {
  order = [];
  fakes.clear();
});

/** Each fake is a kind of its own with one component of the same name. */
const raise = (kinds: Record<string, BootFake>, signal = new AbortController().signal): Promise<void> => {
  for (const [kind, boot] of Object.entries(kinds)) fakes.set(kind, boot);
  const planned = Object.keys(kinds).map((name) => ({ name, kind: name, config: {}, nodes: [] }));
  return raiseAll(planned, {} as EngineContext, signal, ({ name }) => void order.push(`${name} booted`));
};

const component = (name: string, ready: () => Promise<void> = async () => undefined): Component =>
  ({
    name,
    async ready() {
      await ready();
      order.push(`${name} ready`);
    },
    prepare: async () => void order.push(`${name} prepared`),
  }) as unknown as Component;

test("a component that makes use of another boots when that one is ready", async () => {
  await raise({
    async db(name, _config, context) {
      const store = await context.component("store");
      order.push(`${name} has ${store.name}`);
      return component(name);
    },
    store: async (name) => component(name, () => new Promise((resolve) => setTimeout(resolve, 5))),
  });
  expect(order.filter((line) => !line.endsWith("prepared"))).toEqual([
    "store booted",
    "store ready",
    "db has store",
    "db booted",
    "db ready",
  ]);
});

test("the failure of one that others wait for is told as it was", async () => {
  const failure = new Error("the store has no disk");
  await expect(
    raise({
      db: async (name, _config, context) => component(`${name} of ${(await context.component("store")).name}`),
      store: async (name) => component(name, () => Promise.reject(failure)),
    }),
  ).rejects.toBe(failure);
  expect(order).toEqual(["store booted"]);
});

test("whoever waits for another lets go when the drill is aborted", async () => {
  const abort = new AbortController();
  const raised = raise(
    {
      db: async (name, _config, context) => {
        setTimeout(() => abort.abort(new Error("interrupted")), 5);
        await context.component("store");
        return component(name);
      },
      store: async (name) => component(name, () => new Promise(() => undefined)),
    },
    abort.signal,
  );
  await expect(raised).rejects.toThrow("interrupted");
});

test("a name that nobody has is said", async () => {
  const raised = raise({ db: async (_name, _config, context) => context.component("stroe") });
  await expect(raised).rejects.toThrow("no component of the stack is called stroe");
});
