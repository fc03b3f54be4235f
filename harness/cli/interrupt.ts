import { EXIT, type ExitCode } from "../verdict.ts";
import { say } from "./io.ts";

/** Why a drill was aborted, and the exit code that says so once everything has been rolled back. */
export class Interrupted extends Error {
  readonly exitCode: ExitCode;
  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.exitCode = signal === "SIGINT" ? EXIT.sigint : EXIT.sigterm;
  }
}

/** The first SIGINT or SIGTERM aborts and rolls back; the second ends the process, and its watcher cleans up behind it. */
export function abortOnSignals(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const listeners = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(name === "SIGINT" ? EXIT.sigint : EXIT.sigterm);
      say(
        "interrupted: healing the faults and removing the stack; once more ends at once and leaves that to the watcher",
      );
      controller.abort(new Interrupted(name));
    };
    process.on(name, listener);
    return () => void process.off(name, listener);
  });
  return { signal: controller.signal, release: () => listeners.forEach((off) => off()) };
}
