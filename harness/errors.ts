import { EXIT, type ExitCode } from "./verdict.ts";

/**
 * An error whose message is meant for a person: what happened, where, what was expected. `hint` is the next step.
 * Anything else that is thrown is a defect of ours and is shown with its stack.
 */
export class BlackstartError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, options: { exitCode: ExitCode; hint?: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BlackstartError";
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** The machine lacks what the drill needs: exit 6. */
export const notReady = (message: string, hint: string, cause?: unknown): BlackstartError =>
  new BlackstartError(message, { exitCode: EXIT.notReady, hint, cause });

/** The caller asked for something that cannot be: exit 2, and nothing was started. */
export const usage = (message: string, hint?: string): BlackstartError =>
  new BlackstartError(message, hint === undefined ? { exitCode: EXIT.usage } : { exitCode: EXIT.usage, hint });

/** The message of anything that was thrown, for a person. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
