import type { Drives } from "../../../../capabilities.ts";
import type { Node } from "../../../../node.ts";
import { type Bracket, bracket } from "../../../../time.ts";
import { awaitCondition } from "../../../../wait.ts";
import { notWhole, placementGroupsOf, stateOf } from "./cluster.ts";
import { DISK } from "../ceph-layout.ts";

const EXEC_MS = 60_000;
const REPLACE_MS = 180_000;
const ASK_MS = 10_000;

export interface Drive {
  /** As a scenario's report calls it. */
  readonly name: string;
  readonly node: Node;
  readonly id: number;
}

/** The process that serves a drive, found by its arguments: a node may serve several. */
const PROCESS = `osd_process() {
  for p in /proc/[0-9]*; do
    case "$(tr '\\0' ' ' <"$p/cmdline" 2>/dev/null)" in "ceph-osd -f -i $1 "*) echo "\${p#/proc/}" ;; esac
  done
}
cd ${DISK}
`;
/** The drive goes while its process has it open, and the process with it, as after an I/O error. The mark keeps boot.sh from making a new one. */
const LOSE = `${PROCESS}while read -r id; do
  : >"lost.$id"; mv "osd.$id" "taken.$id"; kill -9 $(osd_process "$id")
  while [ -n "$(osd_process "$id")" ]; do sleep 0.01; done
done`;
const DESTROY = `cd ${DISK}; while read -r id; do rm -rf "taken.$id"; done`;
const MISSING = `${PROCESS}while read -r id; do [ -d "osd.$id" ] || [ -n "$(osd_process "$id")" ] || echo "$id"; done`;
const GIVE_BACK = `cd ${DISK}; while read -r id; do
  if [ -d "taken.$id" ]; then rm -rf "osd.$id"; mv "taken.$id" "osd.$id"; sh /blackstart/boot.sh drive "$id"; fi
done`;
const REPLACE = `while read -r id; do sh /blackstart/boot.sh drive "$id"; done`;

/** Runs a script with the drives' ids on its standard input; resolves with those that it prints. */
async function on(drives: readonly Drive[], script: string): Promise<Drive[]> {
  const found = await Promise.all(
    [...Map.groupBy(drives, ({ node }) => node)].map(async ([node, mine]) => {
      const { code, stdout, stderr } = await node.exec(["sh", "-euc", script], {
        timeoutMs: EXEC_MS,
        stdin: mine.map(({ id }) => `${id}\n`).join(""),
      });
      if (code !== 0) throw new Error(`a script in ${node.name} exited ${code}: ${(stderr || stdout).trim()}`);
      return mine.filter(({ id }) => stdout.split("\n").includes(String(id)));
    }),
  );
  return found.flat();
}

export function cephDrives(all: readonly Drive[], monitor: Node): Drives {
  const named = (names: readonly string[]) => all.filter(({ name }) => names.includes(name));
  return {
    names: all.map(({ name }) => name),
    async lose(lost, disk): Promise<Bracket> {
      const { at } = await bracket(() => on(named(lost), LOSE));
      if (disk === "lost") await on(named(lost), DESTROY);
      return at;
    },
    missing: async (asked) => (await on(named(asked), MISSING)).map(({ name }) => name),
    giveBack: async (asked) => void (await on(named(asked), GIVE_BACK)),
    async replace(signal, mark) {
      const gone = await on(all, MISSING);
      if (gone.length === 0) throw new Error("no drive is missing, so none can be replaced");
      const before = (await stateOf(monitor, ASK_MS)).dump.osds;
      mark("replaced", (await bracket(() => on(gone, REPLACE))).at);
      let left = "";
      const { value: healed, at } = await bracket(() =>
        awaitCondition(
          async () => {
            left = await notHealed(monitor, gone, before);
            return left === "";
          },
          { everyMs: 200, timeoutMs: REPLACE_MS, signal },
        ),
      );
      if (!healed) throw new Error(`not rebuilt within ${REPLACE_MS} ms: ${left}`);
      mark("healed", { fromNs: at.toNs, toNs: at.toNs });
    },
  };
}

/** The new drives joined after the old ones were last up, and every placement group has said that it is whole since then. */
async function notHealed(
  monitor: Node,
  drives: readonly Drive[],
  before: readonly { osd: number; up_from: number }[],
): Promise<string> {
  const { dump } = await stateOf(monitor, ASK_MS);
  const old = new Map(before.map(({ osd, up_from }) => [osd, up_from]));
  const now = new Map(dump.osds.map((osd) => [osd.osd, osd]));
  const away = drives.filter(({ id }) => {
    const osd = now.get(id);
    return !osd || osd.up === 0 || osd.up_from <= (old.get(id) ?? -1);
  });
  if (away.length > 0) return `${away.map(({ name }) => name).join(", ")} did not join`;
  return notWhole(await placementGroupsOf(monitor, ASK_MS), dump);
}
