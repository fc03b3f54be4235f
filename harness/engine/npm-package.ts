import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { notReady } from "../errors.ts";
import { withoutCredentials } from "./host-network.ts";

/** A package of the npm registry, pinned to the byte. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** As `npm view <name>@<version> dist.integrity` prints it. */
  readonly integrity: string;
}

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 300_000;

/**
 * The registry's own archive of a package as `file`. The host's npm fetches it with all that it is configured with: mirror,
 * credentials, proxy, authorities. So an image's build sees the archive and nothing of that. No script of the package is run.
 */
export async function fetchNpmPackage(pack: NpmPackage, file: string, signal: AbortSignal): Promise<void> {
  const spec = `${pack.name}@${pack.version}`;
  const folder = await mkdtemp(`${file}-`);
  try {
    const argv = ["pack", spec, "--pack-destination", folder, "--ignore-scripts", "--loglevel=error"];
    await promisify(execFile)("npm", argv, { cwd: ROOT, signal, timeout: TIMEOUT_MS, maxBuffer: 1e8 }).catch(
      (thrown: unknown) => {
        signal.throwIfAborted();
        // Without what was thrown as its cause: that has all that npm said, a mirror's address with its password included.
        throw notReady(
          `npm could not fetch ${spec}: ${withoutCredentials(lastWords(thrown))}`,
          `npm view ${spec} must work on this machine: look at its registry and proxy (npm config list)`,
        );
      },
    );
    const [archive] = await readdir(folder);
    if (archive === undefined) throw new Error(`npm pack ${spec} ended well and left no file`);
    await refuseOtherBytes(pack, join(folder, archive));
    await rename(join(folder, archive), file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A mirror may hand out something else under the name; npm has compared it with what that mirror says alone. */
async function refuseOtherBytes({ name, version, integrity }: NpmPackage, archive: string): Promise<void> {
  const found = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (found === integrity) return;
  throw notReady(
    `${name}@${version} is not the package that this image is made of: its sha512 is ${found}, pinned is ${integrity}`,
    "the registry that npm is configured with hands out another package under this name: ask who runs it",
  );
}

function lastWords(thrown: unknown): string {
  const { code, stderr } = thrown as { code?: unknown; stderr?: string };
  if (code === "ENOENT") return "npm is not on PATH";
  const said = (stderr ?? "").trim().split("\n").slice(-6).join("\n  ");
  return said || (thrown instanceof Error ? thrown.message : String(thrown));
}
