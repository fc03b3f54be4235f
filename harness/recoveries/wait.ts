import { z } from "zod";
import { defineRecovery } from "../recovery.ts";
import { positiveDuration } from "../scenario/units.ts";
import { awaitCondition } from "../wait.ts";

const params = z.strictObject({ timeout: positiveDuration.default(300_000) });

/** Nobody does anything: the system is expected to come back by itself. */
export const wait = defineRecovery<z.output<typeof params>>({
  name: "wait",
  summary: "Nobody acts; waits until a client can write again",
  target: "component",
  byItself: true,
  params,
  async recover({ component }, { timeout: timeoutMs }, { signal }) {
    const back = await awaitCondition(
      async () => {
        try {
          const session = await component.connect(500);
          try {
            await session.probe("write", 500);
            return true;
          } finally {
            session.close();
          }
        } catch {
          return false; // not yet
        }
      },
      { everyMs: 50, timeoutMs, signal },
    );
    if (!back) throw new Error(`${component.name} did not take a write again within ${timeoutMs} ms`);
  },
});
