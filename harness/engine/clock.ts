import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const ASK_TIMEOUT_MS = 2_000;

/** Whether something keeps this host's clock right; null when nothing here can say so. */
export async function clockSynchronised(): Promise<boolean | null> {
  if (existsSync("/run/systemd/timesync/synchronized")) return true;
  const kernel = await answer("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  if (kernel === "yes") return true;
  const chrony = await answer("chronyc", ["-c", "tracking"]);
  // The last field is the leap status, which is this word until a source was accepted.
  if (chrony !== null) return !chrony.endsWith("Not synchronised");
  return kernel === "no" ? false : null;
}

/** What is loaded into this process before its own code, when that could fake the time: libfaketime and its like. */
export const preload = (env: Readonly<Record<string, string | undefined>>): string | null =>
  env["LD_PRELOAD"] || env["FAKETIME"] || null;

async function answer(program: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await run(program, args, { timeout: ASK_TIMEOUT_MS })).stdout.trim();
  } catch {
    return null; // not installed, or nothing behind it: somebody else may know
  }
}
