import { randomBytes } from "node:crypto";
import path from "node:path";
import { componentKind } from "../components.ts";
import { raiseAll } from "../drill/raise.ts";
import { resolveImages } from "../engine/images.ts";
import { openStack } from "../engine/stack.ts";
import type { Plan } from "../plan.ts";
import { readScenario } from "../scenario/read-scenario.ts";
import { type Figure, median } from "./figure.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
const ROUNDS = 3;

/**
 * Until every store of the whole stack is ready, against its slowest member alone: what comes up side by side should cost little
 * more than the one that takes longest. In turn, so that a drift of the machine meets all alike.
 */
export async function readinessPace(): Promise<Figure[]> {
  const plan = (await readScenario(path.join(ROOT, "scenarios/cross/whole-stack.yaml"))).plan(1);
  const images = await imagesOf(plan);
  await readyMs(plan.components, images); // warms the caches of all
  const whole: number[] = [];
  const alone = plan.components.map((component) => ({ component, values: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    whole.push(await readyMs(plan.components, images));
    for (const { component, values } of alone) values.push(await readyMs([component], images));
  }
  const slowest = alone.reduce((a, b) => (median(b.values) > median(a.values) ? b : a));
  return [
    {
      what: `the whole stack is ready (${plan.components.map(({ name }) => name).join(", ")})`,
      unit: "ms",
      baseline: `${slowest.component.name} alone, the slowest of them`,
      values: whole,
      against: slowest.values,
      wanted: "at most 1.2",
    },
  ];
}

async function imagesOf({ components }: Plan): Promise<ReadonlyMap<string, string>> {
  const names = components.flatMap(({ kind, config }) =>
    componentKind(kind)!
      .nodes(config)
      .map(({ image }) => image),
  );
  const signal = AbortSignal.timeout(600_000);
  const images = await resolveImages(["proxy", ...new Set(names)], (line) => console.error(line), signal);
  return new Map([...images].map(([name, image]) => [name, image.reference]));
}

/** From nothing to ready, as a drill does it: network, proxy and nodes included. */
async function readyMs(components: Plan["components"], images: ReadonlyMap<string, string>): Promise<number> {
  const signal = AbortSignal.timeout(300_000);
  const fromMs = performance.now();
  await using stack = await openStack({
    run: `ready-${randomBytes(3).toString("hex")}`,
    seed: 1,
    signal,
    images,
    proxyImage: images.get("proxy")!,
    paths: components.reduce((sum, component) => sum + 1 + component.nodes.length, 0),
    cuts: new Set(),
    powerCuts: new Map(),
    powerImage: "power",
    witness: () => undefined,
    lostEngine: (why) => {
      throw new Error(`the engine went away: ${why}`);
    },
  });
  const booted: { close(): Promise<void> }[] = [];
  try {
    await raiseAll(components, stack.context, signal, (component) => booted.push(component));
    return performance.now() - fromMs;
  } finally {
    for (const component of booted) await component.close();
  }
}
