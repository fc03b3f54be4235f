import { createHash } from "node:crypto";
import { z } from "zod";
import { defineFault, type Injection } from "../fault.ts";
import { writesPages } from "../place.ts";
import { keepCopy, PUT, putBack, readBytes, script } from "./disk-files.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({});

const sha256 = (bytes: Buffer): string => `sha256 ${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}…`;

/**
 * A machine that goes down while it writes a page may leave some sectors of it new and the others as they were. A killed process
 * alone leaves every page whole, so the older sectors are put back by hand, and only where they could have stayed.
 */
export const tornWrite = defineFault<z.output<typeof params>>({
  name: "torn-write",
  summary: "The server is killed while it writes a page, of which the first sectors are new and the last as before",
  target: "node",
  needs: [],
  requires: "page-writes",
  params,
  async inject(target, _params, { keep, struck, signal }): Promise<Injection> {
    const node = requireNode(target);
    const { component } = target;
    if (!writesPages(component))
      throw new Error(`${component.name} (${component.kind}) cannot be caught writing a page`);
    const { at, page, before, tearAt, words } = await component.crashInPageWrite(node.name, signal);
    const { path, from, to, elements } = page;
    const kept = await keepCopy(node, path);
    const whole = await readBytes(node, path, from, to - from);
    await script(node, PUT, path, String(from + tearAt), before.subarray(tearAt).toString("base64"));
    const torn = await readBytes(node, path, from, to - from);
    const wanted = Buffer.concat([whole.subarray(0, tearAt), before.subarray(tearAt)]);
    const hit = elements.filter(
      (e) => !torn.subarray(e.from - from, e.to - from).equals(whole.subarray(e.from - from, e.to - from)),
    );
    const proof = `${path}, ${page.words}, torn at byte ${tearAt}: ${sha256(before)} older, ${sha256(whole)} new, ${sha256(torn)} now; ${words}; elements with bytes in the older part: ${hit.length}`;
    struck({ damaged: hit.map(({ op }) => op), beside: [] });
    await keep("damage.txt", `${proof}\n`);
    await keep("elements.txt", hit.map(({ op }) => `damaged\t${op}\n`).join(""));
    return {
      effective: at,
      effect: async () => ({
        observed: torn.equals(wanted) && !torn.equals(whole) && !torn.equals(before),
        proof,
      }),
      heal: () => putBack(node, kept),
    };
  },
});
