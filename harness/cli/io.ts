import type { ExitCode } from "../verdict.ts";

/** The only words that reach the terminal: data on stdout, progress on stderr. */
export const print = (text: string): void => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
export const say = (text: string): void => void process.stderr.write(text.endsWith("\n") ? text : `${text}\n`);

/** Whether a stream may be coloured: a terminal, and neither NO_COLOR nor a dumb terminal (https://no-color.org). */
export const colourful = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

/** Over several drills the worst exit code wins; the process ends with it when nothing is left to do. */
export const finish = (code: ExitCode): void => {
  process.exitCode = code;
};
