import { randomBytes } from "node:crypto";
import type Dockerode from "dockerode";
import { FILESYSTEMS, type Filesystem } from "../fault.ts";
import { messageOf } from "../errors.ts";
import { engine } from "./connect.ts";
import { type NeedProbe, probe } from "./needs.ts";
import { DISK, type PowerSupply, startPowerSupply } from "./power.ts";
import { sweep } from "./sweep.ts";

const FIX =
  "the engine must grant SYS_ADMIN and loop devices to a container, and the kernel needs loop (modprobe loop) and ext4; " +
  "rootless engines and remapped users cannot";

/**
 * Cuts the power of a small disk for real: a file that was synced must be there afterwards and one that was not must be gone.
 * `image` is the power image. Takes about two seconds; nothing is left behind.
 */
export async function probePowerCut(image: string): Promise<NeedProbe> {
  const docker = await engine();
  const run = `doctor-${randomBytes(4).toString("hex")}`;
  try {
    return await probe("power-cut", FIX, () => tryAll(docker, run, image));
  } finally {
    await sweep(run);
  }
}

/** The first filesystem has to work; the others are only told of. */
async function tryAll(docker: Dockerode, run: string, image: string): Promise<string> {
  const supply = await startPowerSupply(docker, { run, image });
  const [first, ...others] = FILESYSTEMS;
  await tryDisk(supply, run, first);
  const said = await Promise.all(
    others.map((filesystem) =>
      tryDisk(supply, run, filesystem).then(
        () => `${filesystem} too`,
        (thrown: unknown) => `not ${filesystem}: ${messageOf(thrown)}`,
      ),
    ),
  );
  return `a disk (${first}) lost what was not synced and kept what was; ${said.join("; ")}`;
}

async function tryDisk(supply: PowerSupply, run: string, filesystem: Filesystem): Promise<void> {
  const volume = `blackstart-${run}-${filesystem}`;
  await supply.makeDisk(volume, "doctor", filesystem);
  const before = await supply.attach(volume, "doctor");
  await before.ask(`echo kept >${DISK}/synced && sync ${DISK}/synced && echo kept >${DISK}/unsynced`);
  const { refusal } = await before.cut();
  await before.release();
  await supply.forget(volume);
  const after = await supply.attach(volume, "doctor");
  const read = async (name: string) => (await after.ask(`cat ${DISK}/${name} 2>/dev/null || true`)).join(" ");
  const lost = lossOfDisk({ synced: await read("synced"), unsynced: await read("unsynced"), refusal });
  await after.release();
  if (lost !== null) throw new Error(lost);
}

/** What is wrong with a disk that has lost its power; null when it behaved like one. */
export function lossOfDisk(seen: { synced: string; unsynced: string; refusal: string }): string | null {
  if (seen.refusal !== "Input/output error") return `a disk without power answered a write with: ${seen.refusal}`;
  if (seen.synced !== "kept") return "a file that was synced is gone after the power was cut";
  return seen.unsynced === "" ? null : "a file that was never synced is still there after the power was cut";
}
