import { readFile } from "node:fs/promises";
import path from "node:path";
import type Dockerode from "dockerode";
import { messageOf, notReady } from "../errors.ts";
import type { Filesystem } from "../fault.ts";
import { bracket, type Bracket } from "../time.ts";
import { awaitCondition } from "../wait.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";
import { startShell, type WaitingShell } from "./waiting-shell.ts";

const MKFS_TIMEOUT_MS = 30_000;
const SYNC_TIMEOUT_MS = 60_000;
const UNMOUNT_TIMEOUT_MS = 30_000;
/** Sparse: it takes what the node writes. */
const DISK_BYTES = 16 * 1024 ** 3;

/**
 * Makes disks whose power can be cut: filesystems on loop devices, each a volume of the run. Power is cut by shutting the
 * filesystem down without a flush: what the node had not synced is gone, what it had is there after the journal was replayed.
 * What the kernel had already written out by itself stays, synced or not; a volatile cache inside the disk is not modelled.
 * Everything goes with the containers and volumes of the run: the kernel detaches a loop device when its last user is gone.
 */
export interface PowerSupply {
  /** Makes the volume. */
  makeDisk(volume: string, node: string, filesystem: Filesystem): Promise<void>;
  /** Holds the disk's switch ready; the volume is mounted as long as it does. */
  attach(volume: string, node: string): Promise<PowerSwitch>;
  /** Resolves when the disk is mounted nowhere and memory holds nothing of it: the next mount reads it anew and replays its journal. */
  forget(volume: string): Promise<void>;
}

export interface PowerSwitch {
  /** Writes everything out, so that a drill begins from a known disk. */
  sync(): Promise<void>;
  /** Shuts the filesystem down without a flush; `refusal` is what the kernel said to a write right after. */
  cut(): Promise<{ at: Bracket; refusal: string }>;
  /** Lets go of the mount. */
  release(): Promise<void>;
  /** Runs a command where the disk is mounted, at DISK. */
  readonly ask: WaitingShell["ask"];
}

/** Where a switch has the disk. */
export const DISK = "/disk";

/** Starts the container that holds the loop devices of a run. It has SYS_ADMIN and MKNOD, and may touch loop devices alone. */
export async function startPowerSupply(
  docker: Dockerode,
  options: { run: string; image: string },
): Promise<PowerSupply> {
  const { run, image } = options;
  const volume = `blackstart-${run}-disks`;
  await docker.createVolume({ Name: volume, Labels: labelsFor(run) });
  const holder = await startShell(docker, {
    run,
    image,
    what: "the holder of the disks",
    nodeLabel: "disks",
    script: await readFile(path.join(import.meta.dirname, "power.sh"), "utf8"),
    host: {
      NetworkMode: "none",
      CapAdd: ["SYS_ADMIN", "MKNOD"],
      DeviceCgroupRules: ["b 7:* rwm", "c 10:237 rwm"],
      Binds: [`${volume}:/disks`],
    },
  });
  const devices = new Map<string, string>();
  return {
    async makeDisk(name, node, filesystem) {
      const device = await makeDevice(holder, name, filesystem);
      devices.set(name, device);
      await docker.createVolume({
        Name: name,
        Labels: { ...labelsFor(run), [NODE_LABEL]: node },
        DriverOpts: { type: filesystem, device },
      });
    },
    attach: (name, node) => attachSwitch(docker, { run, image, volume: name, node }),
    forget: (name) => forget(holder, devices.get(name) ?? "", name),
  };
}

async function makeDevice(holder: WaitingShell, name: string, filesystem: Filesystem): Promise<string> {
  try {
    const said = await holder.ask(`make_disk ${name} ${filesystem} ${DISK_BYTES}`, MKFS_TIMEOUT_MS);
    return said.at(-1) ?? "";
  } catch (thrown) {
    throw notReady(
      `this machine cannot make a disk whose power can be cut: ${messageOf(thrown)}`,
      "blackstart doctor says what the kernel or the engine lacks",
      thrown,
    );
  }
}

/** A container of its own, so that the engine unmounts the disk when it and the node have stopped. */
async function attachSwitch(
  docker: Dockerode,
  { run, image, volume, node }: { run: string; image: string; volume: string; node: string },
): Promise<PowerSwitch> {
  const shell = await startShell(docker, {
    run,
    image,
    what: `the power switch of ${node}`,
    nodeLabel: `${node}~power`,
    // DAC_OVERRIDE: the disk belongs to the server's user, and the write after the cut must fail for want of a disk alone.
    host: { NetworkMode: "none", CapAdd: ["SYS_ADMIN", "DAC_OVERRIDE"], Binds: [`${volume}:${DISK}`] },
  });
  await shell.ask(`[ -d ${DISK} ]`);
  return {
    ask: shell.ask,
    sync: async () => void (await shell.ask(`sync -f ${DISK}`, SYNC_TIMEOUT_MS)),
    async cut() {
      const { at } = await bracket(() => shell.ask(`xfs_io -x -c shutdown ${DISK}`));
      const said = await shell.ask(`(: >${DISK}/.blackstart-power) 2>&1 && echo written || true`);
      return { at, refusal: said.join(" ").replace(/^.*: /, "") };
    },
    release: () => shell.stop(),
  };
}

async function forget(holder: WaitingShell, device: string, name: string): Promise<void> {
  const gone = await awaitCondition(async () => (await holder.ask(`mounted ${device}`)).length === 0, {
    everyMs: 5,
    timeoutMs: UNMOUNT_TIMEOUT_MS,
    signal: new AbortController().signal,
  });
  if (!gone) throw new Error(`${device} was still mounted ${UNMOUNT_TIMEOUT_MS} ms after its last user had stopped`);
  await holder.ask(`forget ${device} ${name}`);
}
