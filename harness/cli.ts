import { reportAndFinish, runCommandLine } from "./cli/shell.ts";
import { EXIT } from "./verdict.ts";

// A reader that went away, such as `head`, is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const argv = process.argv.slice(2);

// Node would end with 1, which means that an objective was missed.
process.on("uncaughtException", (thrown) => {
  reportAndFinish(thrown, argv);
  process.exit(EXIT.inconclusive);
});

await runCommandLine(argv);
