import { z } from "zod";
import { defineFault, type Injection } from "../fault.ts";
import type { Node } from "../node.ts";
import { bracket } from "../time.ts";
import { requireNode } from "./targets.ts";

const TIMEOUT_MS = 60_000;
/** Where the undamaged file is kept, on the same disk and out of the server's sight. */
const COPIES = ".blackstart-undamaged";

const pathOnDisk = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9_.*][A-Za-z0-9_./*-]*$/, {
  error: "expected a path relative to the node's disk; * stands for any letters, and .. is not allowed",
});

const params = z.strictObject({
  path: pathOnDisk.meta({ description: "File on the node's disk, relative to it; a pattern must match exactly one" }),
  damage: z.enum(["truncate", "flip", "zeros", "delete", "replace"]).meta({
    description:
      "truncate: cut bytes off the end; flip: turn one bit of each byte; zeros: append; replace: by another file",
  }),
  bytes: z.int().min(1).default(1).meta({ description: "How many are cut off, flipped or appended" }),
  share: z.number().min(0).max(1).default(0.5).meta({ description: "flip: how far into the file, 0 to 1" }),
  pattern: z.string().min(1).optional().meta({
    description: "flip: the first place at or after `share` where this text stands (\\r and \\n may be written)",
  }),
  plus: z.int().min(0).default(0).meta({ description: "flip: so many bytes beyond that place" }),
  with: pathOnDisk.optional().meta({ description: "replace: the file whose content is put there" }),
});
type Params = z.output<typeof params>;

/** What a file is before or after: its size and hash; empty when it is not there. */
interface State {
  readonly size: number;
  readonly sha256: string;
}

/** Bytes on the disk of a node change, or a file goes; the server is not asked. What was there is kept for heal. */
export const fileDamage = defineFault<Params>({
  name: "file-damage",
  summary: "A file on the node's disk is cut, flipped, grown by zeros, deleted or replaced",
  target: "node",
  needs: [],
  params,
  async inject(target, wanted, { keep }): Promise<Injection> {
    const node = requireNode(target);
    const file = await locate(node, wanted.path);
    const before = await stateOf(node, file);
    const plan = await planOf(node, file, before, wanted);
    await script(node, 'mkdir -p "$1/$3" && rm -rf "$1/$3/copy" && cp -a "$1/$2" "$1/$3/copy"', file, COPIES);
    const { at } = await bracket(() => script(node, plan.script, file, ...plan.args));
    const after = await stateOf(node, file);
    const proof = `${plan.words} of ${file}: ${wordsOf(before)} before, ${wordsOf(after)} after`;
    await keep("damage.txt", `${proof}\n`);
    return {
      effective: at,
      effect: async () => ({ observed: before.sha256 !== after.sha256, proof }),
      // The copy goes back only under a server that does not run: a file must not change under one that does.
      async heal() {
        if ((await node.state()) !== "stopped" || (await script(node, HAS_COPY, file, COPIES)).trim() !== "yes") return;
        await script(node, 'rm -rf "$1/$2" && mv "$1/$3/copy" "$1/$2"', file, COPIES);
      },
    };
  },
});

const HAS_COPY = 'if [ -e "$1/$3/copy" ]; then echo yes; fi';

/** Runs a script on the disk: $1 is where it is mounted, $2 the file, then what it is given. */
async function script(node: Node, text: string, file: string, ...args: string[]): Promise<string> {
  const said = await node.onDisk(["sh", "-c", `set -eu; ${text}`, "sh", node.disk, file, ...args], {
    timeoutMs: TIMEOUT_MS,
  });
  if (said.code !== 0)
    throw new Error(`${file} of ${node.name} could not be handled: ${said.stderr.trim() || `exit ${said.code}`}`);
  return said.stdout;
}

async function locate(node: Node, path: string): Promise<string> {
  const found = (await script(node, 'cd "$1"; for f in $2; do if [ -e "$f" ]; then echo "$f"; fi; done', path))
    .split("\n")
    .filter(Boolean);
  if (found.length === 1) return found[0]!;
  const there = await script(node, 'cd "$1"; find . -type f | head -n 40', path);
  throw new Error(
    `${path} matches ${found.length} files on the disk of ${node.name}, one is needed; there are: ${there.trim().split("\n").join(" ")}`,
  );
}

async function stateOf(node: Node, file: string): Promise<State> {
  const text =
    'f="$1/$2"; if [ -f "$f" ]; then wc -c <"$f"; sha256sum <"$f"; elif [ -d "$f" ]; then echo 0; echo folder; fi';
  const [size = "", sha256 = ""] = (await script(node, text, file)).trim().split("\n");
  return { size: Number(size), sha256: sha256.split(" ")[0] ?? "" };
}

const wordsOf = ({ size, sha256 }: State): string =>
  sha256 === "" ? "not there" : sha256 === "folder" ? "a folder" : `${size} bytes, sha256 ${sha256.slice(0, 16)}…`;

interface Planned {
  readonly script: string;
  readonly args: string[];
  readonly words: string;
}

async function planOf(node: Node, file: string, before: State, wanted: Params): Promise<Planned> {
  const { damage, bytes } = wanted;
  if (damage === "delete") return { script: 'rm -rf "$1/$2"', args: [], words: "deletion" };
  if (damage === "replace") {
    if (wanted.with === undefined) throw new Error("replace needs to be told with what");
    return { script: 'cat "$1/$3" >"$1/$2"', args: [wanted.with], words: `content of ${wanted.with} in place` };
  }
  if (damage === "zeros")
    return { script: 'head -c "$3" /dev/zero >>"$1/$2"', args: [String(bytes)], words: `${bytes} zeros at the end` };
  if (damage === "truncate") {
    if (before.size <= bytes) throw new Error(`${file} has ${before.size} bytes: ${bytes} cannot be cut off`);
    return {
      script: 'truncate -s "$3" "$1/$2"',
      args: [String(before.size - bytes)],
      words: `${bytes} bytes off the end`,
    };
  }
  return flip(node, file, wanted);
}

/** The lowest bit is turned: a letter becomes another letter, and a length, a checksum or a marker a wrong one. */
async function flip(node: Node, file: string, { bytes, share, pattern, plus }: Params): Promise<Planned> {
  const content = Buffer.from(await script(node, 'base64 <"$1/$2"', file), "base64");
  const offset = placeOf(content, share, pattern) + plus;
  if (offset + bytes > content.length)
    throw new Error(`${file} ends at byte ${content.length}, before byte ${offset + bytes}`);
  const turned = content.subarray(offset, offset + bytes).map((byte) => byte ^ 1);
  return {
    script: 'printf %s "$4" | base64 -d | dd of="$1/$2" bs=1 seek="$3" conv=notrunc 2>/dev/null',
    args: [String(offset), Buffer.from(turned).toString("base64")],
    words: bytes === 1 ? `one bit of byte ${offset}` : `one bit each of the ${bytes} bytes from ${offset} on`,
  };
}

function placeOf(content: Buffer, share: number, pattern: string | undefined): number {
  const from = Math.min(Math.floor(content.length * share), content.length - 1);
  if (pattern === undefined) return from;
  const at = content.indexOf(pattern.replaceAll("\\r", "\r").replaceAll("\\n", "\n"), from, "latin1");
  if (at < 0) throw new Error(`${JSON.stringify(pattern)} does not stand at or after byte ${from}`);
  return at;
}
