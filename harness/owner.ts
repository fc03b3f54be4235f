import { readFileSync } from "node:fs";

/** A process of this host that cannot be confused with a later one of the same number: `pid:start time:boot`; null when it is gone. */
function ownerOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTicks] = [fields[0], fields[19]]; // fields 3 and 22 of proc(5)
    if (state === "Z" || state === "X") return null;
    return `${pid}:${startTicks}:${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  } catch {
    return isRunning(pid) ? `${pid}` : null; // no /proc: the number is all there is
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** This process. */
export const self = (): string => ownerOf(process.pid) ?? String(process.pid);

/** Whether the process that wrote this owner string still runs. */
export const isAlive = (owner: string): boolean => ownerOf(Number(owner.split(":")[0])) === owner;
