import yargs, { type Argv, type CommandModule } from "yargs";
import packageJson from "../../package.json" with { type: "json" };
import { BlackstartError, messageOf, usage } from "../errors.ts";
import { problemData, ScenarioProblems } from "../scenario/problem.ts";
import { closest } from "../scenario/suggest.ts";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { commands } from "./commands.ts";
import { finish, print, say } from "./io.ts";

const EXIT_CODES = `Exit codes:
  0  objectives met                 4    cleanup failed, the host is not clean
  1  an objective was missed        5    evidence does not verify
  2  usage, or invalid scenario     6    environment not ready
  3  inconclusive                   130, 143  interrupted, after rollback`;

/** Runs what the command line asks for. Never rejects: what goes wrong is told and becomes the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  try {
    const { words, form } = takeJson(argv);
    const parser = await parserFor(words, form);
    await parser.parseAsync(words);
  } catch (thrown) {
    reportAndFinish(thrown, argv);
  }
}

/** Tells a person on stderr, and with --json a program on stdout, what went wrong; sets the exit code. */
export function reportAndFinish(thrown: unknown, argv: readonly string[]): void {
  const known = thrown instanceof BlackstartError ? thrown : undefined;
  const exitCode = known?.exitCode ?? EXIT.inconclusive;
  const lines = (text: string) => text.split("\n").map(visible).join("\n");
  if (known) say([lines(known.message), known.hint && `  ${lines(known.hint)}`].filter(Boolean).join("\n"));
  else
    say(
      `A defect of Blackstart's own, nothing can be concluded:\n${lines(thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown))}`,
    );
  if (argv.some(isJson)) {
    const problems = thrown instanceof ScenarioProblems ? { problems: thrown.problems.map(problemData) } : {};
    const error = {
      exitCode,
      message: lines(messageOf(thrown)),
      hint: known?.hint === undefined ? null : lines(known.hint),
      ...problems,
    };
    print(JSON.stringify({ schema: "blackstart/error/v1", ...error }));
  }
  finish(exitCode);
}

async function parserFor(argv: readonly string[], json: JsonForm | undefined) {
  const parser = yargs()
    .scriptName("blackstart")
    .locale("en")
    .usage(
      "$0 <command>\n\nDisaster-recovery drills on real systems: measured recovery time, measured data loss, signed reports.",
    )
    .parserConfiguration({
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "boolean-negation": false,
    })
    .option("json", { describe: "Data for programs on stdout; --json=stream: one JSON line an event" })
    .option("reports", {
      type: "string",
      requiresArg: true,
      default: "reports",
      describe: "Folder of the runs",
      coerce: once("reports"),
    })
    .middleware(refuseRest)
    .middleware((args) => void Object.assign(args, { json }))
    .strict()
    .demandCommand(1, "no command was given")
    .completion("completion", "Print a completion script for your shell")
    .version(packageJson.version)
    .help()
    .example("$0 run scenarios/postgres/primary-node-loss.yaml", "lose the primary's machine, measure, report")
    .example("$0 validate", "every problem of every scenario, with line and column")
    .example("$0 plan scenarios/postgres/primary-node-loss.yaml", "what would happen; nothing is touched")
    .epilogue(EXIT_CODES)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      if (error instanceof BlackstartError) throw error;
      const words = (message ?? messageOf(error)).replace(/\s*\n\s*/g, " ");
      const command = argv.find((word) => commands.has(word));
      throw usage(visible(words), `${["blackstart", command, "--help"].filter(Boolean).join(" ")} says what there is`);
    });
  for (const load of loadersFor(argv)) parser.command(withExitCodes(await load()));
  return parser;
}

/** The exit codes belong to the interface, so each command's help ends with them; yargs forgets the epilogue of the whole. */
function withExitCodes(command: CommandModule): CommandModule {
  const { builder } = command;
  return {
    ...command,
    builder: (y) =>
      (typeof builder === "function" ? (builder(y) as Argv) : y.options(builder ?? {})).epilogue(EXIT_CODES),
  };
}

/** The commands that the arguments name; all of them when they name none, for help and completion. */
function loadersFor(argv: readonly string[]) {
  const named = argv.filter((word) => commands.has(word));
  if (named.length > 0) return named.map((word) => commands.get(word)!);
  const word = argv.find((w, i) => !w.startsWith("-") && argv[i - 1] !== "--reports");
  if (word !== undefined && word !== "completion" && !argv.includes("--get-yargs-completions")) {
    const meant = closest(
      word,
      [...commands.keys(), "completion"].filter((name) => name !== "watch"), // run starts it, nobody else
    );
    throw usage(
      `unknown command ${visible(word)}`,
      meant ? `did you mean ${meant}?` : "blackstart --help says what there is",
    );
  }
  return [...commands.values()];
}

type JsonForm = "document" | "stream";

/** Takes `--json` out of the arguments: to yargs it would be a switch without a form, or swallow the word after it. */
function takeJson(argv: readonly string[]): { words: string[]; form: JsonForm | undefined } {
  const given = argv.filter(isJson).map((word) => word.replace(/^--json=?/, "") || "document");
  const form = given.at(-1);
  if (form !== undefined && form !== "document" && form !== "stream")
    throw usage(`--json=${visible(form)} is no form of JSON`, "expected --json or --json=stream");
  return { words: argv.filter((word) => !isJson(word)), form };
}

const isJson = (word: string): boolean => word === "--json" || word.startsWith("--json=");

/** For options with one value: yargs makes a list of an option that is given twice. */
const once =
  (option: string) =>
  <T>(value: T): T => {
    if (Array.isArray(value)) throw usage(`--${option} was given ${value.length} times, expected once`);
    return value;
  };

/** Arguments after `--` would be dropped without a word, and a command would do its default instead. */
function refuseRest({ _: words }: { _: (string | number)[] }): void {
  if (words.length <= 1) return;
  throw usage(
    `nothing is read after --: ${words.slice(1).map(String).map(visible).join(" ")}`,
    "leave the -- out; write ./-x for a file that starts with a dash",
  );
}
