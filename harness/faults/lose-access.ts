import { z } from "zod";
import { isSealed } from "../archive.ts";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({});

/** Most drills restore where the key still lies about. A machine that is really new has none of it. */
export const loseAccess = defineFault<z.output<typeof params>>({
  name: "lose-access",
  summary: "What opens the archive is gone from the machine: addresses, keys and passphrase",
  target: "node",
  needs: [],
  requires: "encryption",
  params,
  async inject(target) {
    const { component } = target;
    if (!isSealed(component)) throw new Error(`${component.name} (${component.kind}) keeps nothing under a key`);
    return component.loseAccess(requireNode(target).name);
  },
});
