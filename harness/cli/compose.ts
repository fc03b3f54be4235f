import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CommandModule } from "yargs";
import { print, say } from "./io.ts";

interface Options {
  file: string;
  write: boolean;
}

const ROOT = path.join(import.meta.dirname, "..", "..");

export const composeCommand: CommandModule<object, Options> = {
  command: "compose <file>",
  describe: "Show a scenario's stack as a compose file, for use by hand",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "A scenario" })
      .option("write", {
        type: "boolean",
        default: false,
        describe: "Write docker-compose.yml and the files that it mounts",
      })
      .example("$0 compose scenarios/cross/whole-stack.yaml --write", "bring docker-compose.yml up to date"),
  async handler({ file, write }) {
    const { composeFiles } = await import("../engine/compose.ts");
    const { readScenario } = await import("../scenario/read-scenario.ts");
    const files = await composeFiles((await readScenario(file)).plan(0));
    if (!write) return print(files.get("docker-compose.yml")!);
    for (const [name, content] of files) {
      await mkdir(path.dirname(path.join(ROOT, name)), { recursive: true });
      await writeFile(path.join(ROOT, name), content, {
        mode: name.endsWith("/password") || name.endsWith("/pgpass") ? 0o600 : 0o644,
      });
      say(`wrote ${name}`);
    }
  },
};
