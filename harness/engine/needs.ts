import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { messageOf } from "../errors.ts";
import type { HostNeed } from "../fault.ts";
import { awaitCondition } from "../wait.ts";
import { engine } from "./connect.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";
import { startSidecar, type Sidecar } from "./sidecar.ts";
import { sweep } from "./sweep.ts";

export interface NeedProbe {
  readonly need: HostNeed;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly fix: string | null;
}

/** Says its version, then sends a datagram every 20 ms to a port where nobody listens. */
const TALKER = "toxiproxy-server --version; while :; do echo >/dev/udp/127.0.0.1/9; sleep 0.02; done 2>/dev/null";
const DROP_TALK = "-A INPUT -i lo -p udp --dport 9 -j DROP";
const EFFECT_TIMEOUT_MS = 3_000;
const FROZEN_MS = 150;

/**
 * Tries on this machine what the faults need, for real: packets of a throw-away container are dropped and counted, and the
 * count stands still while it is frozen. `image` is the proxy image. Takes about a second; nothing is left behind.
 */
export async function probeNeeds(image: string, signal: AbortSignal): Promise<NeedProbe[]> {
  const docker = await engine();
  const run = `doctor-${randomBytes(4).toString("hex")}`;
  try {
    const target = await startTalker(docker, run, image);
    const toxiproxy = await probe(
      "toxiproxy",
      "build the image again: docker rmi it, then blackstart images build proxy",
      () => probeToxiproxy(target, signal),
    );
    let sidecar: Sidecar | undefined;
    const drop = await probe(
      "netns-drop",
      "the engine must grant NET_ADMIN, and the kernel needs nf_tables (modprobe nf_tables); rootless engines often lack both",
      async () => {
        sidecar = await startSidecar(docker, { run, image, node: "doctor", containerId: target.id });
        return probeDrop(sidecar, signal);
      },
    );
    const freezer = await probe(
      "freezer",
      "the engine must be able to use the cgroup freezer; rootless engines need cgroup v2",
      () => probeFreezer(target, drop.ok ? sidecar : undefined),
    );
    await sidecar?.stop();
    return [drop, freezer, toxiproxy];
  } finally {
    await sweep(run);
  }
}

async function startTalker(docker: Docker, run: string, image: string): Promise<Docker.Container> {
  const target = await docker.createContainer({
    Image: image,
    Entrypoint: ["bash", "-c", TALKER],
    Cmd: [],
    Labels: { ...labelsFor(run), [NODE_LABEL]: "doctor" },
    HostConfig: { NetworkMode: "none", CapDrop: ["ALL"], ReadonlyRootfs: true },
  });
  await target.start();
  return target;
}

/** Tries one need; what is thrown is what does not work. */
export async function probe(need: HostNeed, fix: string, attempt: () => Promise<string>): Promise<NeedProbe> {
  try {
    return { need, ok: true, detail: await attempt(), fix: null };
  } catch (error) {
    return { need, ok: false, detail: messageOf(error), fix };
  }
}

async function probeToxiproxy(target: Docker.Container, signal: AbortSignal): Promise<string> {
  let version: string | undefined;
  const said = await awaitCondition(
    async () => {
      const logs = await target.logs({ stdout: true, stderr: true, follow: false });
      version = /toxiproxy-server version (\S+)/.exec(logs.toString())?.[1];
      return version !== undefined;
    },
    { everyMs: 20, timeoutMs: EFFECT_TIMEOUT_MS, signal },
  );
  if (!said) throw new Error("toxiproxy-server does not run in the proxy image");
  return `toxiproxy-server ${version} runs`;
}

async function probeDrop(sidecar: Sidecar, signal: AbortSignal): Promise<string> {
  await sidecar.apply([DROP_TALK]);
  const bites = await awaitCondition(async () => (await sidecar.dropped()) > 0, {
    everyMs: 20,
    timeoutMs: EFFECT_TIMEOUT_MS,
    signal,
  });
  if (!bites) throw new Error("a DROP rule was accepted in a container's network namespace, but no packet was dropped");
  return "packets of a container can be dropped in its own network namespace";
}

/** A frozen container sends nothing; where packets cannot be counted the engine's word has to do. */
async function probeFreezer(target: Docker.Container, sidecar: Sidecar | undefined): Promise<string> {
  await target.pause();
  const before = await sidecar?.dropped();
  await sleep(FROZEN_MS);
  const sent = sidecar ? (await sidecar.dropped()) - before! : 0;
  await target.unpause();
  if (sent > 0) throw new Error(`a paused container went on and sent ${sent} packets in ${FROZEN_MS} ms`);
  return sidecar
    ? `a paused container stands still (0 packets in ${FROZEN_MS} ms)`
    : "the engine says that it can pause a container";
}
