import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { notReady } from "../errors.ts";

/** Makes a base image out of Debian packages alone, for machines where no registry answers. Needs root. */
export async function importBase(
  docker: Docker,
  suite: string,
  reference: string,
  step: (line: string) => void,
  signal: AbortSignal,
): Promise<NodeJS.ReadableStream> {
  if (process.getuid?.() !== 0) {
    throw notReady(
      "the base image has to be made with debootstrap, which needs root",
      `run it once as root, or get the image debian:${suite}-slim onto this machine (docker pull or docker load)`,
    );
  }
  await provideDebootstrap(suite, step, signal);
  const root = await mkdtemp(join(tmpdir(), "blackstart-base-"));
  try {
    await run("debootstrap", ["--variant=minbase", suite, root], step, signal);
    await slim(root);
    return await importFolder(docker, root, reference, signal);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function provideDebootstrap(suite: string, step: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (existsSync("/usr/sbin/debootstrap")) return;
  if (!existsSync("/usr/bin/apt-get")) {
    throw notReady(
      "no registry answers and debootstrap is not installed",
      `install debootstrap, or get the image debian:${suite}-slim onto this machine (docker load)`,
    );
  }
  await run("apt-get", ["-q", "update"], step, signal);
  await run("apt-get", ["-q", "-y", "install", "--no-install-recommends", "debootstrap"], step, signal);
}

/** As the official slim image: no syncing of every file while packages are installed, and no documentation. */
async function slim(root: string): Promise<void> {
  const folder = join(root, "etc/dpkg/dpkg.cfg.d");
  await mkdir(folder, { recursive: true });
  const excluded = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"];
  await writeFile(
    join(folder, "blackstart"),
    ["force-unsafe-io", ...excluded.map((path) => `path-exclude ${path}`), ""].join("\n"),
  );
}

async function importFolder(
  docker: Docker,
  root: string,
  reference: string,
  signal: AbortSignal,
): Promise<NodeJS.ReadableStream> {
  const exclude = [
    "./proc/*",
    "./sys/*",
    "./var/lib/apt/lists/*",
    "./var/cache/apt/*",
    "./usr/share/doc/*",
    "./usr/share/man/*",
    "./usr/share/locale/*",
  ];
  const tar = spawn("tar", ["-C", root, "--numeric-owner", ...exclude.map((path) => `--exclude=${path}`), "-c", "."], {
    signal,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = exit(tar, "tar", lastLines(tar.stderr));
  ended.catch(() => undefined); // awaited below, after the engine has had its say
  const [repo, tag] = reference.split(":") as [string, string];
  const stream = await docker.importImage(tar.stdout, { repo, tag, abortSignal: signal });
  await ended;
  return stream;
}

async function run(
  program: string,
  args: readonly string[],
  step: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(program, args, {
    signal,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  child.stdout.on("data", (chunk: Buffer) =>
    step(`${program}: ${chunk.toString().trim().split("\n").at(-1)!.slice(0, 80)}`),
  );
  await exit(child, program, lastLines(child.stdout, child.stderr));
}

/** Waits until the program and everything that holds its output has ended, also when it was aborted. */
async function exit(child: ReturnType<typeof spawn>, program: string, tail: readonly string[]): Promise<void> {
  let failed: Error | undefined;
  child.on("error", (error) => (failed = error));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (failed) throw failed;
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n  ${tail.join("\n  ")}`);
}

/** The last lines that came over the streams, kept up to date. */
function lastLines(...streams: Readable[]): string[] {
  const lines: string[] = [];
  for (const stream of streams) {
    stream.on("data", (chunk: Buffer) => {
      lines.push(...chunk.toString().trim().split("\n"));
      lines.splice(0, lines.length - 10);
    });
  }
  return lines;
}
