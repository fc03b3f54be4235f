import { z } from "zod";

/** Text of a given form; what does not fit is answered with what was expected. */
export const text = (pattern: RegExp, what: string) =>
  z.string({ error: () => `expected ${what}` }).regex(pattern, { error: () => `expected ${what}` });

export const component = text(/^[a-z][a-z0-9-]{0,30}$/, "a component of the stack, such as db");
