import type { Drives } from "../../../../capabilities.ts";
import type { Node } from "../../../../node.ts";
import { type Bracket, bracket } from "../../../../time.ts";
import { awaitCondition } from "../../../../wait.ts";
import { sh } from "../on-disk.ts";
import type { AdminInfo } from "./admin.ts";

const REPLACE_MS = 180_000;

export interface Drive {
  /** As a scenario's report calls it. */
  readonly name: string;
  readonly node: Node;
  readonly path: string;
}

/**
 * A drive is a directory. One that is lost is moved away and a link that leads nowhere is left: a missing directory the server
 * would make anew within 15 s and take for a new drive, and a file in its place it reads as "no such object" instead of "no drive".
 */
const LOSE = `while read -r dir; do mv "$dir" "$dir.taken"; ln -s /lost "$dir"; done`;
const DESTROY = `while read -r dir; do rm -rf "$dir.taken"; done`;
const GIVE_BACK = `while read -r dir; do if [ -e "$dir.taken" ]; then rm -rf "$dir"; mv "$dir.taken" "$dir"; fi; done`;
const MISSING = `while read -r dir; do if [ -e "$dir" ]; then :; else echo "$dir"; fi; done`;
const REPLACE = `while read -r dir; do rm "$dir"; mkdir "$dir"; done`;

export function minioDrives(all: readonly Drive[], info: () => Promise<AdminInfo>): Drives {
  const on = async (names: readonly string[], script: string): Promise<Drive[]> => {
    const mine = all.filter(({ name }) => names.includes(name));
    const answers = await Promise.all(
      [...Map.groupBy(mine, ({ node }) => node)].map(async ([node, drives]) => {
        const text = await sh(
          node,
          script,
          drives.map(({ path }) => path),
        );
        return drives.filter(({ path }) => text.split("\n").includes(path));
      }),
    );
    return answers.flat();
  };
  const names = all.map(({ name }) => name);
  return {
    names,
    async lose(lost, disk): Promise<Bracket> {
      const { at } = await bracket(() => on(lost, LOSE));
      if (disk === "lost") await on(lost, DESTROY);
      return at;
    },
    missing: async (asked) => (await on(asked, MISSING)).map(({ name }) => name),
    giveBack: async (asked) => void (await on(asked, GIVE_BACK)),
    async replace(signal, mark) {
      const gone = await on(names, MISSING);
      if (gone.length === 0) throw new Error("no drive is missing, so none can be replaced");
      mark(
        "replaced",
        (
          await bracket(() =>
            on(
              gone.map(({ name }) => name),
              REPLACE,
            ),
          )
        ).at,
      );
      let left = "";
      const { value: healed, at } = await bracket(() =>
        awaitCondition(
          async () => {
            const { healed: done } = await info();
            left = gone
              .filter((drive) => !done.some((path) => path.endsWith(drive.path)))
              .map(({ name }) => name)
              .join(", ");
            return left === "";
          },
          { everyMs: 200, timeoutMs: REPLACE_MS, signal },
        ),
      );
      if (!healed) throw new Error(`${left} was not rebuilt within ${REPLACE_MS} ms`);
      mark("healed", { fromNs: at.toNs, toNs: at.toNs });
    },
  };
}
