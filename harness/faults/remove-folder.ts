import { z } from "zod";
import { defineFault } from "../fault.ts";
import type { Node } from "../node.ts";
import { bracket } from "../time.ts";
import { awaitCondition } from "../wait.ts";
import { folderOnDisk, script } from "./disk-files.ts";
import { requireNode } from "./targets.ts";

const TIMEOUT_MS = 60_000;
/** The server may end under it and take its machine along; the disk is then cleared beside it. */
const ATTEMPTS = 3;
/** How long its end is waited for. */
const ENDS_MS = 10_000;

const params = z.strictObject({ path: folderOnDisk.default("data") });

/** The command was right and the machine was the wrong one. No copy is kept: bringing it back is the procedure under test. */
export const removeFolder = defineFault<z.output<typeof params>>({
  name: "remove-folder",
  summary: "A folder is removed from under the running server, as by an operator on the wrong machine",
  target: "node",
  needs: [],
  params,
  async inject(target, { path }) {
    const node = requireNode(target);
    const before = await filesIn(node, path);
    if (before === null) throw new Error(`there is no ${path} on the disk of ${node.name}`);
    const { at } = await bracket(() => removed(node, path));
    return {
      effective: at,
      async effect(signal) {
        // It goes on with what it has open until it needs another file.
        const ended = await awaitCondition(async () => (await node.state()) === "stopped", {
          everyMs: 20,
          timeoutMs: ENDS_MS,
          signal,
        });
        const after = await filesIn(node, path);
        const found = after === null ? "not there" : `there with ${after} files`;
        const server = ended ? "the server ended" : `the server still ran ${ENDS_MS / 1_000} s later`;
        return {
          observed: after === null,
          proof: `${path} of ${node.name}: ${before} files before, then ${found}; ${server}`,
        };
      },
      heal: async () => undefined,
    };
  },
});

async function removed(node: Node, path: string): Promise<void> {
  let why = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const { code, stderr } = await node.onDisk(["rm", "-rf", `${node.disk}/${path}`], { timeoutMs: TIMEOUT_MS });
      if (code === 0) return;
      why = stderr.trim() || `exit ${code}`;
    } catch (thrown) {
      why = String(thrown); // the machine went away meanwhile
    }
  }
  throw new Error(`${path} of ${node.name} could not be removed: ${why}`);
}

const COUNT = 'if [ -d "$1/$2" ]; then find "$1/$2" -type f | wc -l; else echo none; fi';

/** null when the folder is not there. */
async function filesIn(node: Node, path: string): Promise<number | null> {
  const said = (await script(node, COUNT, path)).trim();
  return said === "none" ? null : Number(said);
}
