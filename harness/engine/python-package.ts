import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type Dockerode from "dockerode";
import { notReady } from "../errors.ts";
import { within } from "../wait.ts";
import { withoutCredentials } from "./host-network.ts";
import { labelsFor } from "./labels.ts";
import { collect } from "./rescue.ts";

/** A package of the Python registry, pinned to the byte: its source archive. */
export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the host's pip is configured with that says where packages come from. */
export type PipSettings = ReadonlyMap<string, string>;

const SETTINGS = ["index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries"];
const SECTIONS = ["global", "install", "download"];
const TIMEOUT_MS = 300_000;

/** From the host's environment and configuration files, the later ones first in rank (pip's user guide, Configuration). */
export function pipSettings(env: Environment): PipSettings {
  const config = env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  const files = [
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
    ...[".pip/pip.conf", "Library/Application Support/pip/pip.conf"].map((file) => join(homedir(), file)),
    join(config, "pip/pip.conf"),
    ...(env["PIP_CONFIG_FILE"] ? [env["PIP_CONFIG_FILE"]] : []),
  ];
  const written = files.flatMap((file) => (existsSync(file) ? settingsIn(readFileSync(file, "utf8")) : []));
  const said = SETTINGS.flatMap((name): [string, string][] => {
    const value = env[`PIP_${name.replaceAll("-", "_").toUpperCase()}`];
    return value ? [[name, value]] : [];
  });
  return new Map([...written, ...said]);
}

/** An indented line carries the value of the line before on. */
function settingsIn(text: string): [string, string][] {
  const found: [string, string][] = [];
  let wanted = false;
  for (const line of text.split("\n")) {
    const section = /^\[(.+)\]/.exec(line)?.[1];
    const [, name, value = ""] = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (section !== undefined) wanted = SECTIONS.includes(section.trim());
    else if (name !== undefined) {
      if (wanted && SETTINGS.includes(name)) found.push([name, value.trim()]);
    } else if (wanted && /^\s+\S/.test(line) && found.length > 0) {
      const last = found.at(-1)!;
      last[1] = `${last[1]} ${line.trim()}`.trim();
    }
  }
  return found;
}

export interface PipHost {
  readonly settings: PipSettings;
  /** Proxy settings for programs. */
  readonly proxies: Readonly<Record<string, string>>;
  /** What the host trusts beside the public authorities. */
  readonly certificates: string;
  /** Whether it has to be on the host's own network to get at a proxy or a mirror. */
  readonly hostNetwork: boolean;
}

/**
 * The source archive of a package as `file`. pip runs in a container that is gone afterwards, because it runs the package's own code
 * to look at it. Where it is to fetch from, and with which credentials, goes in on standard input: it is in no image, no layer, no
 * argument and no environment that the engine would keep.
 */
export async function fetchPythonPackage(
  docker: Dockerode,
  image: string,
  pack: PythonPackage,
  file: string,
  host: PipHost,
  signal: AbortSignal,
): Promise<void> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh", "-s"],
    Cmd: [],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: labelsFor(`images-${randomBytes(4).toString("hex")}`),
    HostConfig: { NetworkMode: host.hostNetwork ? "host" : "default", LogConfig: { Type: "none", Config: {} } },
  });
  const stop = () => void container.kill().catch(() => undefined); // removed below, whether it still ran or not
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
    const output = collect(docker, stream);
    await container.start();
    stream.end(scriptFor(pack, host));
    const [archive, words] = await within(TIMEOUT_MS, output, `pip did not fetch ${pack.name} ${pack.version}`);
    signal.throwIfAborted();
    const { StatusCode: code } = (await container.wait()) as { StatusCode: number };
    if (code !== 0) throw couldNotFetch(pack, words);
    await writeFile(file, verified(pack, Buffer.from(archive, "base64")));
  } finally {
    signal.removeEventListener("abort", stop);
    await container.remove({ force: true, v: true });
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The whole is read before its first command runs: none of them may take the rest for its input. */
function scriptFor({ name, version, sha256 }: PythonPackage, host: PipHost): string {
  const config = [
    "[global]",
    ...[...host.settings].map(([key, value]) => `${key} = ${value.replaceAll(/\s+/g, "\n  ")}`),
  ];
  return `{ set -eu; exec 3>&1 >&2 </dev/null; cd /tmp
${Object.entries(host.proxies)
  .map(([key, value]) => `export ${key}=${quoted(value)}\n`)
  .join("")}printf '%s\\n' ${quoted(config.join("\n"))} >/etc/pip.conf
printf '%s\\n' ${quoted(host.certificates)} | cat /etc/ssl/certs/ca-certificates.crt - >ca.crt
printf '%s\\n' ${quoted(`${name}==${version} --hash=sha256:${sha256}`)} >wanted
pip --no-input --disable-pip-version-check --cert ca.crt download --progress-bar off --no-deps --no-binary :all: --no-build-isolation -d out -r wanted
base64 -w0 out/* >&3; exit; }
`;
}

/** pip has compared it with the pin too; what came over is looked at again. */
function verified({ name, version, sha256 }: PythonPackage, archive: Buffer): Buffer {
  const found = createHash("sha256").update(archive).digest("hex");
  if (found !== sha256) throw new Error(`${name} ${version} came over with the sha256 ${found}, pinned is ${sha256}`);
  return archive;
}

const couldNotFetch = ({ name, version }: PythonPackage, words: string) =>
  notReady(
    `pip could not fetch ${name} ${version}: ${withoutCredentials(words.trim().split("\n").slice(-6).join("\n  "))}`,
    "pip download must work on this machine: look at its index and proxy (pip config list). A .netrc is not passed on",
  );
