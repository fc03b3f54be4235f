import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { messageOf } from "../errors.ts";
import { engine } from "./connect.ts";
import { isAlive } from "../owner.ts";
import { ownerIn, RUN_LABEL } from "./labels.ts";

const SWEEP_AGAIN_MS = 500;

/** What a run has left on this machine. */
export interface Leftovers {
  readonly run: string;
  readonly alive: boolean;
  readonly containers: string[];
  readonly volumes: string[];
  readonly networks: string[];
}

type Labelled = { Labels?: Record<string, string> | undefined };

/** Everything on this engine that carries a run's label, grouped by run. */
export async function leftovers(): Promise<Leftovers[]> {
  const docker = await engine();
  const filters = { label: [RUN_LABEL] };
  const [containers, volumes, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
    docker.listNetworks({ filters }),
  ]);
  const runs = new Map<string, Leftovers>();
  const put = (thing: Labelled, kind: "containers" | "volumes" | "networks", id: string) => {
    const run = thing.Labels?.[RUN_LABEL];
    if (!run) return;
    const entry = runs.get(run) ?? {
      run,
      alive: isAlive(ownerIn(thing.Labels)),
      containers: [],
      volumes: [],
      networks: [],
    };
    entry[kind].push(id);
    runs.set(run, entry);
  };
  for (const c of containers) put(c, "containers", c.Id);
  for (const v of volumes.Volumes ?? []) put(v, "volumes", v.Name);
  for (const n of networks) put(n, "networks", n.Id);
  return [...runs.values()];
}

/** Removes everything of one run. Idempotent; returns what could not be removed, in words. */
export async function sweep(run: string): Promise<string[]> {
  const docker = await engine();
  const mine = (await leftovers()).find((l) => l.run === run);
  if (!mine) return [];
  const failed: string[] = [];
  const remove = async (what: string, act: () => Promise<unknown>) => {
    try {
      await act();
    } catch (thrown) {
      if (!isGone(thrown)) failed.push(`${what}: ${messageOf(thrown)}`);
    }
  };
  await Promise.all(
    mine.containers.map((id) => remove(`container ${id.slice(0, 12)}`, () => removeContainer(docker, id))),
  );
  await Promise.all([
    ...mine.volumes.map((name) => remove(`volume ${name}`, () => docker.getVolume(name).remove({ force: true }))),
    ...mine.networks.map((id) => remove(`network ${id.slice(0, 12)}`, () => docker.getNetwork(id).remove())),
  ]);
  return failed;
}

/** A paused container of an older engine has to be resumed before it can be removed. */
async function removeContainer(docker: Dockerode, id: string): Promise<void> {
  const container = docker.getContainer(id);
  try {
    await container.remove({ force: true, v: true });
  } catch (thrown) {
    if (isGone(thrown)) return;
    await container.unpause().catch(() => undefined);
    await container.remove({ force: true, v: true });
  }
}

/** 404: it is gone. 409 "already in progress": somebody else is removing it right now. */
export const isGone = (thrown: unknown): boolean => {
  const status = (thrown as { statusCode?: number }).statusCode;
  return status === 404 || (status === 409 && messageOf(thrown).includes("already in progress"));
};

/**
 * Sweeps a run whose process is gone until nothing of it shows up any more: the engine may still be creating what the process had
 * asked for. Returns what is left when the time is over.
 */
export async function sweepUntilClean(run: string, timeoutMs: number): Promise<string[]> {
  const endMs = performance.now() + timeoutMs;
  let clean = 0;
  for (;;) {
    const failed = await sweep(run);
    clean = (await leftovers()).some((l) => l.run === run) ? 0 : clean + 1;
    if (clean === 3) return [];
    if (performance.now() > endMs)
      return failed.length > 0 ? failed : [`something of ${run} is still there after ${timeoutMs} ms`];
    await sleep(SWEEP_AGAIN_MS);
  }
}
