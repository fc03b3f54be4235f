import type { CommandModule } from "yargs";
import { EXIT } from "../verdict.ts";
import { finish, print, say } from "./io.ts";

interface Options {
  reports: string;
  json?: string;
}

export const cleanupCommand: CommandModule<object, Options> = {
  command: "cleanup",
  describe: "Remove what runs that no longer live have left behind; touches nothing else",
  builder: (yargs) =>
    yargs
      .option("reports", { type: "string", default: "reports" })
      .example("$0 cleanup", "after a drill whose machine lost power"),
  async handler({ reports, json }) {
    const { leftovers, sweepUntilClean } = await import("../engine/sweep.ts");
    const { closeOrphans } = await import("../evidence.ts");
    const found = await leftovers();
    const dead = found.filter((left) => !left.alive);
    const swept = await Promise.all(
      dead.map(async (left) => ({ ...left, failed: await sweepUntilClean(left.run, 60_000) })),
    );
    const closed = await closeOrphans(reports, process.env);
    if (json)
      print(
        JSON.stringify(
          {
            schema: "blackstart/cleanup/v1",
            removed: swept,
            alive: found.filter((left) => left.alive).map((left) => left.run),
            closedAsCrashed: closed.map((intent) => intent.run),
          },
          null,
          2,
        ),
      );
    else {
      for (const { run, containers, volumes, networks, failed } of swept) {
        print(
          `${run}: removed ${containers.length} containers, ${volumes.length} volumes, ${networks.length} networks`,
        );
        for (const what of failed) say(`${run}: not removed: ${what}`);
      }
      for (const { run } of found.filter((left) => left.alive)) print(`${run}: still running, left alone`);
      for (const { run } of closed) print(`${run}: closed as crashed in the run ledger`);
      if (found.length === 0 && closed.length === 0) print("nothing is left behind");
    }
    finish(swept.some(({ failed }) => failed.length > 0) ? EXIT.notClean : EXIT.met);
  },
};
