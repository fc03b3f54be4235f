import type { Component, StackContext } from "../component.ts";
import { componentKind } from "../components.ts";
import type { EngineContext } from "../engine/stack.ts";
import type { Plan } from "../plan.ts";
import { untilAborted } from "../wait.ts";

/**
 * Boots the components side by side and returns when each of them is ready and prepared: one waits for another only where it makes
 * use of it.
 */
export async function raiseAll(
  components: Plan["components"],
  engine: EngineContext,
  signal: AbortSignal,
  booted: (component: Component) => void,
  backupTaken: StackContext["backupTaken"] = () => undefined,
): Promise<void> {
  const raised = new Map(components.map(({ name }) => [name, Promise.withResolvers<Component>()]));
  const context: StackContext = {
    ...engine,
    backupTaken,
    async component(name) {
      const other = raised.get(name);
      if (!other) throw new Error(`no component of the stack is called ${name}`);
      return untilAborted(other.promise, signal);
    },
  };
  await Promise.all(
    components.map(async ({ name, kind, config }) => {
      const { resolve, reject, promise } = raised.get(name)!;
      promise.catch(() => undefined); // most components are awaited by nobody
      try {
        const { boot } = await componentKind(kind)!.load();
        const component = await untilAborted(boot(name, config, context), signal);
        booted(component);
        await component.ready(signal);
        resolve(component);
        await untilAborted(component.prepare(), signal);
      } catch (thrown) {
        reject(thrown);
        throw thrown;
      }
    }),
  );
}
