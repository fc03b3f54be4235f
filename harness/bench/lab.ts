import { randomBytes } from "node:crypto";
import type { Component } from "../component.ts";
import { componentKind } from "../components.ts";
import { raiseAll } from "../drill/raise.ts";
import { resolveImages } from "../engine/images.ts";
import { openStack, type Stack } from "../engine/stack.ts";

/** A stack outside any drill, for measuring the parts of the harness themselves. `configs`: kind and config by name. */
export async function openLab(
  configs: Readonly<Record<string, { kind: string } & Record<string, unknown>>>,
  cuts: readonly string[] = [],
): Promise<{ stack: Stack; components: ReadonlyMap<string, Component> }> {
  const signal = AbortSignal.timeout(1_200_000);
  const planned = Object.entries(configs).map(([name, { kind, ...config }]) => {
    const known = componentKind(kind)!;
    const parsed = known.config.parse(config);
    return { name, kind, config: known.choices?.(parsed)[0]?.config ?? parsed, nodes: [] };
  });
  const names = planned.flatMap(({ kind, config }) =>
    componentKind(kind)!
      .nodes(config)
      .map(({ image }) => image),
  );
  const images = await resolveImages(["proxy", ...new Set(names)], (line) => console.error(line), signal);
  const stack = await openStack({
    run: `lab-${randomBytes(3).toString("hex")}`,
    seed: 1,
    signal,
    images: new Map([...images].map(([name, image]) => [name, image.reference])),
    proxyImage: images.get("proxy")!.reference,
    paths: planned.length + names.length,
    powerCuts: new Map(),
    powerImage: "power",
    cuts: new Set(cuts),
    witness: () => undefined,
    lostEngine: (why) => {
      throw new Error(`the engine went away: ${why}`);
    },
  });
  try {
    const components = new Map<string, Component>();
    await raiseAll(planned, stack.context, signal, (component) => components.set(component.name, component));
    return { stack, components };
  } catch (thrown) {
    await stack[Symbol.asyncDispose]();
    throw thrown;
  }
}
