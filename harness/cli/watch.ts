import type { CommandModule } from "yargs";

interface Options {
  run: string;
  reports: string;
}

const SWEEP_TIMEOUT_MS = 60_000;

/** Not for people: `run` starts it beside itself, see drill/watcher.ts. */
export const watchCommand: CommandModule<object, Options> = {
  command: "watch <run>",
  describe: false,
  builder: (yargs) =>
    yargs
      .positional("run", { type: "string", demandOption: true })
      .option("reports", { type: "string", default: "reports" }),
  async handler({ run, reports }) {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined); // it has to outlive what it watches
    const { awaitEndOfWatched } = await import("../drill/watcher.ts");
    const { dismissed } = await awaitEndOfWatched(process.stdin);
    if (dismissed) return;
    const { sweepUntilClean } = await import("../engine/sweep.ts");
    const { closeOrphans } = await import("../evidence.ts");
    await Promise.allSettled([sweepUntilClean(run, SWEEP_TIMEOUT_MS), closeOrphans(reports, process.env)]);
  },
};
