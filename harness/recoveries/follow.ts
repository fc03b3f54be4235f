import { z } from "zod";
import { hasFollowers } from "../capabilities.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";
import { positiveDuration } from "../scenario/units.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({
  place: z.enum(["kept", "new"]).default("kept").meta({
    description:
      "kept: it goes on where it had stopped, or not at all · new: it goes on from now, and nobody says what it missed",
  }),
  timeout: positiveDuration.default(30_000).meta({ description: "Until when it must have everything again" }),
});

export const follow = defineRecovery<z.output<typeof params>>({
  name: "follow",
  summary: "A logical standby's subscription is led to the node that serves now",
  target: "node",
  requires: "logical standbys",
  params,
  async recover(target, { place, timeout: timeoutMs }, { signal, mark }) {
    const { component } = target;
    if (!hasFollowers(component)) throw new Error(`${component.name} (${component.kind}) has nothing that follows`);
    const node = requireNode(target);
    mark("following", (await bracket(() => component.follow(node.name, { place, timeoutMs }, signal))).at);
  },
});
