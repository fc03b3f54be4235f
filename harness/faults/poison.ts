import type { FaultTarget, Injection } from "../fault.ts";
import { messageOf } from "../errors.ts";
import type { Toxic } from "../node.ts";
import { nowNs } from "../time.ts";

/** What a fresh client saw on the path: connect and one read. */
export interface Glimpse {
  readonly elapsedMs: number;
  readonly failed: boolean;
  readonly error: string;
}

/** Poisons a component's client path and proves it by what a fresh client sees before and after. */
export async function poisonPath(
  target: FaultTarget,
  toxic: Toxic,
  judge: (before: Glimpse, after: Glimpse) => { observed: boolean; proof: string },
): Promise<Injection> {
  const before = await glimpse(target);
  const { at, cure } = await target.component.clients.poison(toxic);
  return { effective: at, effect: async () => judge(before, await glimpse(target)), heal: cure };
}

async function glimpse({ component }: FaultTarget): Promise<Glimpse> {
  const fromNs = nowNs();
  const elapsedMs = () => Number(nowNs() - fromNs) / 1e6;
  try {
    const session = await component.connect(10_000);
    try {
      await session.probe("read", 10_000);
    } finally {
      session.close();
    }
    return { elapsedMs: elapsedMs(), failed: false, error: "" };
  } catch (thrown) {
    return { elapsedMs: elapsedMs(), failed: true, error: messageOf(thrown) };
  }
}
