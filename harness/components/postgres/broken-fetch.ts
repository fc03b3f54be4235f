import type { BrokenFetch } from "../../archive.ts";
import type { Where } from "../../place.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { placed } from "./archive-damage.ts";
import type { Archiver } from "./archiver.ts";

const TIMEOUT_MS = 30_000;
/** For a restore to get as far as the segment. */
const ASKED_MS = 120_000;
/** The first folder on the server's PATH; empty unless a fault has put something there. */
const SHIMS = "/blackstart/shims";

const said = (program: string, segment: string, exit: number): string =>
  `${program}: a fault of the drill ends it with ${exit} when asked for ${segment}`;

/** A program of that name, found before the archiver's own, which ends that way when one segment is asked for and else hands on. */
const shim = (program: string, segment: string, exit: number): string => `#!/bin/sh
case "$*" in *${segment}*) echo "${said(program, segment, exit)}" >&2; exit ${exit} ;; esac
PATH=$(printf %s "$PATH" | sed 's#${SHIMS}:##g') && export PATH && exec ${program} "$@"
`;

/** Whatever goes wrong between a machine and its archive, the server sees an exit code of the program that it runs. */
export async function breakFetch(
  node: Node,
  archiver: Archiver,
  { where, exit }: { where: Where; exit: number },
): Promise<BrokenFetch> {
  const { program } = archiver;
  const segment = placed(await archiver.objects("segment"), "segment", where).name;
  const file = `${SHIMS}/${program}`;
  const put = `mkdir -p "$(dirname "$1")"; cat >"$1"; chmod 755 "$1"`;
  const { at } = await bracket(() => asRoot(node, put, [file], shim(program, segment, exit)));
  return {
    at,
    segment,
    asked: (signal) =>
      awaitCondition(async () => (await node.logs()).includes(said(program, segment, exit)), {
        everyMs: 200,
        timeoutMs: ASKED_MS,
        signal,
      }),
    async undo() {
      if ((await node.state()) === "running") await asRoot(node, `rm -f "$1"`, [file]);
    },
  };
}

async function asRoot(node: Node, script: string, args: string[], stdin?: string): Promise<void> {
  const said = await node.exec(["sh", "-euc", script, "sh", ...args], {
    timeoutMs: TIMEOUT_MS,
    ...(stdin !== undefined && { stdin }),
  });
  if (said.code !== 0) throw new Error(`on ${node.name}: ${said.stderr.trim() || `exit ${said.code}`}`);
}
