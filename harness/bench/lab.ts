import { randomBytes } from "node:crypto";
import type { Component } from "../component.ts";
import { postgres } from "../components/postgres/kind.ts";
import { raiseAll } from "../drill/raise.ts";
import { resolveImages } from "../engine/images.ts";
import { openStack, type Stack } from "../engine/stack.ts";

/** A stack outside any drill, for measuring the parts of the harness themselves. */
export async function openLab(config: unknown, cuts: readonly string[] = []): Promise<{ stack: Stack; db: Component }> {
  const signal = AbortSignal.timeout(300_000);
  const images = await resolveImages(["postgres", "proxy"], (line) => console.error(line), signal);
  const stack = await openStack({
    run: `lab-${randomBytes(3).toString("hex")}`,
    seed: 1,
    signal,
    images: new Map([...images].map(([name, image]) => [name, image.reference])),
    proxyImage: images.get("proxy")!.reference,
    paths: 10,
    powerCuts: new Map(),
    powerImage: "power",
    cuts: new Set(cuts),
    witness: () => undefined,
    lostEngine: (why) => {
      throw new Error(`the engine went away: ${why}`);
    },
  });
  try {
    const booted: Component[] = [];
    const planned = { name: "db", kind: postgres.kind, config: postgres.config.parse(config), nodes: [] };
    await raiseAll([planned], stack.context, signal, (component) => booted.push(component));
    return { stack, db: booted[0]! };
  } catch (thrown) {
    await stack[Symbol.asyncDispose]();
    throw thrown;
  }
}
