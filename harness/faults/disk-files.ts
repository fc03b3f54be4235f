import { z } from "zod";
import type { Node } from "../node.ts";

const TIMEOUT_MS = 60_000;
/** Where undamaged files are kept, on the same disk and out of the server's sight. */
const COPIES = ".blackstart-undamaged";

/** As a scenario says it: a folder on the disk, never the disk itself. */
export const folderOnDisk = z
  .string()
  .regex(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*$/, {
    error: "expected a path relative to the node's disk; .. is not allowed",
  })
  .meta({ description: "Folder on the node's disk, relative to it" });

/** Runs a script on the disk: $1 is where it is mounted, $2 the file, then what it is given. */
export async function script(node: Node, text: string, file: string, ...args: string[]): Promise<string> {
  const said = await node.onDisk(["sh", "-c", `set -eu; ${text}`, "sh", node.disk, file, ...args], {
    timeoutMs: TIMEOUT_MS,
  });
  if (said.code !== 0)
    throw new Error(`${file} of ${node.name} could not be handled: ${said.stderr.trim() || `exit ${said.code}`}`);
  return said.stdout;
}

/** The one file, or folder, that a pattern stands for. */
export async function find(node: Node, pattern: string): Promise<string> {
  const found = (await script(node, 'cd "$1"; for f in $2; do if [ -e "$f" ]; then echo "$f"; fi; done', pattern))
    .split("\n")
    .filter(Boolean);
  if (found.length === 1) return found[0]!;
  const there = await script(node, 'cd "$1"; find . -type f | head -n 40', pattern);
  throw new Error(
    `${pattern} matches ${found.length} files on the disk of ${node.name}, one is needed; there are: ${there.trim().split("\n").join(" ")}`,
  );
}

/** What a file is before or after: its size and hash; empty when it is not there. */
export interface FileState {
  readonly size: number;
  readonly sha256: string;
}

export const STATE =
  'f="$1/$2"; if [ -f "$f" ]; then wc -c <"$f"; sha256sum <"$f"; elif [ -d "$f" ]; then echo 0; echo folder; fi';

export function readState(text: string): FileState {
  const [size = "", sha256 = ""] = text.trim().split("\n");
  return { size: Number(size), sha256: sha256.split(" ")[0] ?? "" };
}

export const stateOf = async (node: Node, file: string): Promise<FileState> =>
  readState(await script(node, STATE, file));

export const stateWords = ({ size, sha256 }: FileState): string =>
  sha256 === "" ? "not there" : sha256 === "folder" ? "a folder" : `${size} bytes, sha256 ${sha256.slice(0, 16)}…`;

/** A file as it was, kept under a name of its own: another fault may damage it further. */
export interface Kept {
  readonly file: string;
  readonly copy: string;
  readonly before: FileState;
}

export async function keepCopy(node: Node, file: string): Promise<Kept> {
  const copy = `${COPIES}/${process.hrtime.bigint()}`;
  const text = `${STATE}; mkdir -p "$1/$4" && cp -a "$1/$2" "$1/$3"`;
  return { file, copy, before: readState(await script(node, text, file, copy, COPIES)) };
}

/**
 * Once, and only under a server that does not run: a file must not change under one that does. Where a recovery has done away with
 * the folder that it stood in, there is nothing left to heal.
 */
export async function putBack(node: Node, { file, copy }: Kept): Promise<void> {
  if ((await node.state()) !== "stopped") return;
  await script(
    node,
    'if [ -e "$1/$3" ] && [ -d "$(dirname "$1/$2")" ]; then rm -rf "$1/$2" && mv "$1/$3" "$1/$2"; fi',
    file,
    copy,
  );
}

/** So many bytes from an offset on; fewer where the file ends. */
export const readBytes = async (node: Node, file: string, from: number, count: number): Promise<Buffer> =>
  Buffer.from(
    await script(
      node,
      'tail -c +"$3" "$1/$2" | head -c "$4" | base64',
      file,
      String(from + 1),
      String(Math.max(0, count)),
    ),
    "base64",
  );

/** Puts the bytes of $4 (base64) at the offset $3. */
export const PUT =
  'printf %s "$4" | base64 -d | dd of="$1/$2" bs=65536 seek="$3" oflag=seek_bytes conv=notrunc 2>/dev/null';
