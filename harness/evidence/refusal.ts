import { BlackstartError } from "../errors.ts";
import { EXIT } from "../verdict.ts";

/** Evidence that does not hold: exit 5. Says what is wrong, where, and what to do next. */
export const refusal = (message: string, hint?: string): BlackstartError =>
  new BlackstartError(
    message,
    hint === undefined ? { exitCode: EXIT.unverified } : { exitCode: EXIT.unverified, hint },
  );
