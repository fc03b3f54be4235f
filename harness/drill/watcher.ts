import { spawn } from "node:child_process";
import path from "node:path";

const COMMAND_LINE = path.join(import.meta.dirname, "..", "cli.ts");

/**
 * A process of its own session that outlives this one. It holds the other end of a pipe: when this process ends without having said
 * that all is well, whatever killed it, the watcher removes the run's stack and closes the run.
 */
export function startWatcher(run: string, reportsDir: string): { dismiss(): void } {
  const watcher = spawn(process.execPath, [COMMAND_LINE, "watch", run, "--reports", reportsDir], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watcher.on("error", () => undefined); // then the next command sweeps
  watcher.stdin.on("error", () => undefined);
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return { dismiss: () => void watcher.stdin.end("done\n") };
}

/** The watcher's own half: resolves when the watched process is gone, with whether it had said that all is well. */
export async function awaitEndOfWatched(pipe: NodeJS.ReadableStream): Promise<{ dismissed: boolean }> {
  let said = "";
  pipe.setEncoding("utf8");
  for await (const text of pipe) said += String(text);
  return { dismissed: said === "done\n" };
}
