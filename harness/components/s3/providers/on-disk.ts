import type { CorruptOptions } from "../../../capabilities.ts";
import type { Node } from "../../../node.ts";
import { bracket } from "../../../time.ts";
import { messageOf } from "../../../errors.ts";
import type { Damage } from "../provider.ts";

/** Where one copy (or fragment) of an object lies: a file or, for the whole of it, its folder. */
export interface Copy {
  readonly node: Node;
  readonly path: string;
}

const EXEC_MS = 60_000;

/** Runs a script of lines in a node with sh and coreutils alone; rejects when it fails. */
export async function sh(node: Node, script: string, lines: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await node.exec(["sh", "-euc", script], {
    timeoutMs: EXEC_MS,
    ...(lines.length > 0 && { stdin: lines.map((line) => `${line}\n`).join("") }),
  });
  if (code !== 0) throw new Error(`a script in ${node.name} exited ${code}: ${(stderr || stdout).trim()}`);
  return stdout;
}

/** A byte of each file is turned over, and read again: `path offset before after`. Offsets below zero count from the end. */
const FLIP = `while read -r file at; do
  size=$(stat -c %s "$file"); [ "$at" -ge 0 ] || at=$((size + at)); [ "$at" -lt "$size" ] || at=$((size - 1))
  old=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
  printf "\\\\$(printf %o $((old ^ 255)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
  echo "$file $at $old $(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')"
done`;

/** Out of the way of the store: what stays beside the objects would be listed as one of them. */
const ASIDE = 'aside=/blackstart/disk/taken/$(echo "$path" | tr / _)';

const REMOVE = `mkdir -p /blackstart/disk/taken; while read -r path; do
  ${ASIDE}; mv "$path" "$aside"
  if [ -e "$path" ]; then echo "$path there"; else echo "$path gone"; fi
done`;

const PUT_BACK = `while read -r path; do
  ${ASIDE}; if [ -e "$aside" ]; then rm -rf "$path"; mv "$aside" "$path"; fi
done`;

/** Turns over a byte in each file (`at`: where), or takes the whole away. Undoing puts back exactly what was there. */
export async function damageCopies(
  copies: readonly (Copy & { readonly at: number })[],
  part: CorruptOptions["part"],
): Promise<Damage> {
  const byNode = [...Map.groupBy(copies, ({ node }) => node)];
  const { value: said, at } = await bracket(() =>
    Promise.all(
      byNode.map(async ([node, mine]) => {
        const lines = mine.map((copy) => (part === "whole" ? copy.path : `${copy.path} ${copy.at}`));
        const text = await sh(node, part === "whole" ? REMOVE : FLIP, lines);
        return text
          .trim()
          .split("\n")
          .map((line) => ({ node, line }));
      }),
    ),
  );
  const bit = ({ line }: { line: string }): boolean => {
    const words = line.split(" ");
    return part === "whole" ? words.at(-1) === "gone" : words.at(-1) !== words.at(-2);
  };
  const all = said.flat();
  return {
    at,
    changes: all.filter(bit).map(({ node, line }) => `${node.name} ${line}`),
    unchanged: [
      ...all.filter((one) => !bit(one)).map(({ node, line }) => `${node.name} ${line}`),
      ...(all.length < copies.length ? [`${copies.length - all.length} were not reached`] : []),
    ],
    async undo() {
      const failed: string[] = [];
      for (const [node, mine] of byNode) {
        try {
          if (part === "whole")
            await sh(
              node,
              PUT_BACK,
              mine.map(({ path }) => path),
            );
          else
            await sh(
              node,
              FLIP_BACK,
              all.filter((one) => one.node === node).map(({ line }) => line),
            );
        } catch (thrown) {
          if ((await node.state()) !== "stopped") failed.push(messageOf(thrown)); // the disk of a node that is gone goes with it
        }
      }
      if (failed.length > 0) throw new Error(failed.join("; "));
    },
  };
}

/** Only a byte that still is what the damage made of it is set back: the store may have repaired or replaced the file. */
const FLIP_BACK = `while read -r file at old new; do
  [ -e "$file" ] || continue
  now=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
  [ "$now" = "$new" ] || continue
  printf "\\\\$(printf %o "$old")" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
done`;
