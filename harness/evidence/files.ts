import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { visible } from "../text.ts";
import { refusal } from "./refusal.ts";

/** What a pack may hold; more is refused before anything is read. */
const LIMITS = { files: 20_000, depth: 8, nameLength: 255, fileBytes: 16 * 2 ** 30 } as const;

/** One segment of a name in a pack: portable, safe in a shell and in the list that sha256sum reads. */
const SEGMENT = /^[A-Za-z0-9_@+=,.][A-Za-z0-9_@+=,.-]*$/;

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** Whether a name can stand in a pack: relative, at most 8 segments of [A-Za-z0-9_@+=,.-], none of them `.` or `..`. */
export function isPackName(name: string): boolean {
  const segments = name.split("/");
  if (name.length > LIMITS.nameLength || segments.length > LIMITS.depth) return false;
  return segments.every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..");
}

/** Every regular file under `dir`, sorted by byte, and what cannot be in a pack: links, devices, names that are not portable. */
export function packFiles(dir: string): { files: string[]; problems: string[] } {
  const files: string[] = [];
  const problems: string[] = [];
  const pending = [""];
  for (let prefix = pending.pop(); prefix !== undefined; prefix = pending.pop()) {
    for (const entry of readdirSync(join(dir, prefix), { withFileTypes: true })) {
      const name = `${prefix}${entry.name}`;
      if (!isPackName(name)) problems.push(`${visible(name)}: a name that a pack cannot hold`);
      else if (entry.isDirectory()) pending.push(`${name}/`);
      else if (entry.isFile()) files.push(name);
      else problems.push(`${name}: neither a regular file nor a folder`);
      if (files.length + problems.length > LIMITS.files)
        return { files, problems: [`more than ${LIMITS.files} files`] };
    }
  }
  return { files: files.toSorted(), problems };
}

/** Opens without following a link, so that what was listed as a file is what is read. Refuses what is larger than `maxBytes`. */
function openRegular(path: string, what: string, maxBytes: number): number {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    throw refusal(`${what} ${code === "ENOENT" ? "is missing" : `cannot be opened (${code})`}`);
  }
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size <= maxBytes) return fd;
  closeSync(fd);
  throw refusal(
    stat.isFile() ? `${what} has ${stat.size} bytes; at most ${maxBytes} are read` : `${what} is not a file`,
  );
}

/** The bytes of a file that must be there; `what` names it in the refusal (exit 5). */
export function readBounded(path: string, what: string, maxBytes: number): Buffer {
  const fd = openRegular(path, what, maxBytes);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

const chunk = Buffer.allocUnsafeSlow(1 << 20);

/** SHA-256 of a file of at most `maxBytes` in constant memory, lower-case hex. */
export function sha256File(path: string, what: string, maxBytes: number = LIMITS.fileBytes): string {
  const fd = openRegular(path, what, maxBytes);
  try {
    const hash = createHash("sha256");
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) hash.update(chunk.subarray(0, n));
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}

export const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Makes a rename or a link survive a power cut. */
export function syncFolder(dir: string): void {
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeBeside(path: string, bytes: Uint8Array | string, mode: number): string {
  const beside = `${path}.${randomUUID()}`;
  const fd = openSync(beside, "wx", mode);
  try {
    writeFileSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return beside;
}

/** Replaces a file whole or not at all, and durably. */
export function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o644): void {
  renameSync(writeBeside(path, bytes, mode), path);
  syncFolder(dirname(path));
}

/** Creates a file whole or not at all; false when one stands there already, which is then left as it is. */
export function createFile(path: string, bytes: Uint8Array | string, mode = 0o644): boolean {
  const beside = writeBeside(path, bytes, mode);
  try {
    linkSync(beside, path);
    syncFolder(dirname(path));
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  } finally {
    unlinkSync(beside);
  }
}
