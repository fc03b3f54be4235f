import { z } from "zod";
import { defineFault } from "../fault.ts";
import type { Node } from "../node.ts";
import { bracket } from "../time.ts";
import { requireNode } from "./targets.ts";

const TIMEOUT_MS = 10_000;

const params = z.strictObject({
  path: z
    .string()
    .regex(/^(?!.*\.\.)[A-Za-z0-9_.][A-Za-z0-9_./-]*$/, { error: "expected a path relative to the node's disk" })
    .meta({ description: "Folder on the node's disk, relative to it" }),
});

/** A folder loses its permission to be written: files that are open go on, new ones cannot be made. */
export const readOnlyFolder = defineFault<z.output<typeof params>>({
  name: "read-only-folder",
  summary: "A folder on the node's disk can no longer be written by the server",
  target: "node",
  needs: [],
  params,
  async inject(target, { path }) {
    const node = requireNode(target);
    const mode = (await run(node, 'stat -c %a "$1/$2"', path)).trim();
    if (!(await writable(node, path)))
      throw new Error(`${path} of ${node.name} cannot be written by its owner as it is`);
    const { at } = await bracket(() => run(node, 'chmod a-w "$1/$2"', path));
    return {
      effective: at,
      async effect() {
        const still = await writable(node, path);
        return { observed: !still, proof: `its owner ${still ? "can still" : "can no longer"} make a file in ${path}` };
      },
      heal: async () => void (await run(node, 'chmod "$3" "$1/$2"', path, mode)),
    };
  },
});

async function run(node: Node, text: string, ...args: string[]): Promise<string> {
  const said = await node.onDisk(["sh", "-c", text, "sh", node.disk, ...args], { timeoutMs: TIMEOUT_MS });
  if (said.code !== 0) throw new Error(`${args[0]} of ${node.name} could not be handled: ${said.stderr.trim()}`);
  return said.stdout;
}

/** Tried as the folder's owner: permissions do not bind root. */
const TRY =
  'd="$1/$2"; if setpriv --reuid="$(stat -c %u "$d")" --regid="$(stat -c %g "$d")" --clear-groups -- touch "$d/.blackstart-try" 2>/dev/null; then rm -f "$d/.blackstart-try"; echo yes; else echo no; fi';

const writable = async (node: Node, path: string): Promise<boolean> => (await run(node, TRY, path)).trim() === "yes";
