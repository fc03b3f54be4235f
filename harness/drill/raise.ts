import type { Component, StackContext } from "../component.ts";
import { componentKind } from "../components.ts";
import type { Plan } from "../plan.ts";

/** Boots the components side by side and returns when each of them is ready and prepared: no one waits for another. */
export async function raiseAll(
  components: Plan["components"],
  context: StackContext,
  signal: AbortSignal,
  booted: (component: Component) => void,
): Promise<void> {
  await Promise.all(
    components.map(async ({ name, kind, config }) => {
      const { boot } = await componentKind(kind)!.load();
      const component = await untilAborted(boot(name, config, context), signal);
      booted(component);
      await component.ready(signal);
      await component.prepare();
    }),
  );
}

/** Lets go of a promise when the drill is aborted; whoever made it still cleans up after it. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => undefined); // after an abort nobody else listens
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop!);
  }
}
