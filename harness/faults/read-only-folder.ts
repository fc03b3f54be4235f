import { z } from "zod";
import { defineFault } from "../fault.ts";
import type { Node } from "../node.ts";
import { bracket } from "../time.ts";
import { folderOnDisk, script } from "./disk-files.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({ path: folderOnDisk });

/** A folder loses its permission to be written: files that are open go on, new ones cannot be made. */
export const readOnlyFolder = defineFault<z.output<typeof params>>({
  name: "read-only-folder",
  summary: "A folder on the node's disk can no longer be written by the server",
  target: "node",
  needs: [],
  params,
  async inject(target, { path }) {
    const node = requireNode(target);
    const mode = (await script(node, 'stat -c %a "$1/$2"', path)).trim();
    if (!(await writable(node, path)))
      throw new Error(`${path} of ${node.name} cannot be written by its owner as it is`);
    const { at } = await bracket(() => script(node, 'chmod a-w "$1/$2"', path));
    return {
      effective: at,
      async effect() {
        const still = await writable(node, path);
        return { observed: !still, proof: `its owner ${still ? "can still" : "can no longer"} make a file in ${path}` };
      },
      heal: async () => void (await script(node, 'chmod "$3" "$1/$2"', path, mode)),
    };
  },
});

/** Tried as the folder's owner: permissions do not bind root. */
const TRY =
  'd="$1/$2"; if setpriv --reuid="$(stat -c %u "$d")" --regid="$(stat -c %g "$d")" --clear-groups -- touch "$d/.blackstart-try" 2>/dev/null; then rm -f "$d/.blackstart-try"; echo yes; else echo no; fi';

const writable = async (node: Node, path: string): Promise<boolean> => (await script(node, TRY, path)).trim() === "yes";
