import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { messageOf, notReady } from "../errors.ts";
import { within } from "../wait.ts";

/** An address where an engine may answer, and who named it. */
export interface Candidate {
  readonly address: string;
  readonly from: string;
  /** Folder with ca.pem, cert.pem and key.pem. */
  readonly certificates?: string;
}

export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly cgroup: string;
  readonly storage: string;
  /** The engine's data root; on this machine only when the engine is. */
  readonly dataRoot: string;
  readonly address: string;
}

/** The two fields that matter here, of the docker client's configuration and of a context's own file. */
interface DockerFile {
  readonly currentContext?: string;
  readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
}

type Environment = Readonly<Record<string, string | undefined>>;

const ANSWER_TIMEOUT_MS = 5_000;

let connected: Promise<Docker> | undefined;

/** The container engine, found once as a user of the docker client expects. Rejects with exit 6 when none answers. */
export function engine(): Promise<Docker> {
  connected ??= connect().catch((error: unknown) => {
    connected = undefined;
    throw error;
  });
  return connected;
}

export async function engineFacts(): Promise<EngineFacts> {
  const docker = await engine();
  const [version, info] = await Promise.all([docker.version(), docker.info()]);
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    os: info.OperatingSystem,
    cgroup: `v${info.CgroupVersion ?? "1"} (${info.CgroupDriver})`,
    storage: info.Driver,
    dataRoot: info.DockerRootDir,
    address: process.env["DOCKER_HOST"] ?? "",
  };
}

/** Where to look, in this order: DOCKER_HOST, the current docker context, the usual sockets. What a user chose is the only place. */
export function candidates(env: Environment, home: string, uid: number): Candidate[] {
  if (env["DOCKER_HOST"]) {
    const certificates = env["DOCKER_CERT_PATH"];
    return [{ address: env["DOCKER_HOST"], from: "DOCKER_HOST", ...(certificates ? { certificates } : {}) }];
  }
  const chosen = contextEndpoint(env, home);
  if (chosen) return [chosen];
  const runtime = env["XDG_RUNTIME_DIR"] ?? `/run/user/${uid}`;
  const sockets = [
    "/var/run/docker.sock",
    join(runtime, "docker.sock"),
    join(home, ".docker/run/docker.sock"),
    join(home, ".docker/desktop/docker.sock"),
    join(runtime, "podman/podman.sock"),
    "/run/podman/podman.sock",
  ];
  return sockets.map((socket) => ({ address: `unix://${socket}`, from: "usual socket" }));
}

/** The endpoint of the docker context that is in use, unless it is the default one. */
function contextEndpoint(env: Environment, home: string): Candidate | undefined {
  const folder = env["DOCKER_CONFIG"] ?? join(home, ".docker");
  const name = env["DOCKER_CONTEXT"] ?? readJson(join(folder, "config.json"))?.currentContext;
  if (!name || name === "default") return undefined;
  // The docker client files a context under the hash of its name.
  const id = createHash("sha256").update(name).digest("hex");
  const meta = readJson(join(folder, "contexts/meta", id, "meta.json"));
  const certificates = join(folder, "contexts/tls", id, "docker");
  const address = meta?.Endpoints?.docker?.Host;
  if (!address) {
    throw notReady(
      `the docker context ${name} is chosen but has no endpoint`,
      "docker context ls shows what there is; docker context use default goes back",
    );
  }
  return { address, from: `docker context ${name}`, ...(existsSync(certificates) ? { certificates } : {}) };
}

function readJson(file: string): DockerFile | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as DockerFile;
  } catch (error) {
    throw notReady(`${file} cannot be read: ${messageOf(error)}`, "repair it, or set DOCKER_HOST");
  }
}

async function connect(): Promise<Docker> {
  const tried: string[] = [];
  for (const candidate of candidates(process.env, homedir(), userInfo().uid)) {
    const socket = candidate.address.startsWith("unix://") ? candidate.address.slice("unix://".length) : undefined;
    if (socket !== undefined && !existsSync(socket)) {
      tried.push(`${candidate.address} (${candidate.from}): no such socket`);
      continue;
    }
    try {
      return await open(candidate);
    } catch (error) {
      tried.push(`${candidate.address} (${candidate.from}): ${messageOf(error)}`);
    }
  }
  throw notReady(
    `no container engine answers; tried\n${tried.map((line) => `  ${line}`).join("\n")}`,
    "run ./bootstrap, which installs and starts one or says what to install; or set DOCKER_HOST to an engine that runs",
  );
}

/** dockerode and testcontainers both read the environment, so the choice is made there and holds for both. */
async function open({ address, certificates }: Candidate): Promise<Docker> {
  const settings: Record<string, string> = {
    DOCKER_HOST: address.includes("://") ? address : `tcp://${address}`,
    // Its reaper needs an image of its own from a registry; our label sweep does that job.
    TESTCONTAINERS_RYUK_DISABLED: "true",
    ...(certificates ? { DOCKER_CERT_PATH: certificates, DOCKER_TLS_VERIFY: "1" } : {}),
  };
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, settings);
  try {
    const docker = new Docker();
    await within(ANSWER_TIMEOUT_MS, docker.ping(), "no answer");
    return docker;
  } catch (error) {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    throw error;
  }
}
