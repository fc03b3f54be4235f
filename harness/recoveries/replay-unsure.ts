import { z } from "zod";
import { defineRecovery } from "../recovery.ts";
import { positiveDuration } from "../scenario/units.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({
  timeout: positiveDuration.default(5_000).meta({ description: "Patience with one write" }),
});

/**
 * An outbox is sent again after the failover: every write whose client got no answer, over the client path and exactly as before.
 * Some were executed and some were not, and no client can tell; only a unique key in the store makes a second one harmless.
 */
export const replayUnsure = defineRecovery<z.output<typeof params>>({
  name: "replay-unsure",
  summary: "Sends every write again whose client never got an answer; a unique key in the store refuses those it has",
  target: "component",
  byItself: true,
  params,
  async recover({ component }, { timeout: timeoutMs }, { unsure, reconciled, mark, keep, signal }) {
    const outbox = unsure(component.name);
    const session = await component.connect(timeoutMs);
    let [applied, refused] = [0, 0];
    try {
      const { at } = await bracket(async () => {
        for (const request of outbox) {
          signal.throwIfAborted();
          const result = await session.write(request, timeoutMs);
          if (result.outcome === "ok") {
            applied++;
            reconciled({ op: request.op, store: component.name, action: "replayed" });
          } else if (result.alreadyThere) refused++;
          else throw new Error(`${request.op} could not be sent again: ${result.error}`);
        }
      });
      mark("replayed", at);
    } finally {
      session.close();
    }
    await keep("replay-unsure.txt", `${outbox.length} sent again: ${applied} applied, ${refused} were there already\n`);
  },
});
