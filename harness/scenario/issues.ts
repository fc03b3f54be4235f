import type { z } from "zod";
import { type Path, valueAt } from "./path.ts";
import { type Complaint, MISSING, shown, UNKNOWN_KEY } from "./problem.ts";
import { closest } from "./suggest.ts";

export interface Explained {
  /** Relative to the value that was checked. */
  readonly path: Path;
  readonly at: "key" | "value";
  readonly complaint: Complaint;
}

/** What zod found, in our words: what stands there, what was expected, what was probably meant. */
export function explain(
  issue: z.core.$ZodIssue,
  value: unknown,
  schema: z.ZodType,
  alsoKnown: readonly string[] = [],
): Explained[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") {
    const known = [...(path.length === 0 ? alsoKnown : []), ...keysAt(schema, path)];
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  if (issue.code === "invalid_key") {
    return [{ path, at: "key", complaint: { found: shown(path.at(-1)), expected: expectation(issue.issues[0]!) } }];
  }
  const found = valueAt(value, path);
  const expected = expectation(issue);
  if (found === undefined) return [{ path, at: "value", complaint: { what: MISSING, expected } }];
  const meant = issue.code === "invalid_value" ? closest(found, issue.values.map(String)) : undefined;
  if (expected === undefined) return [{ path, at: "value", complaint: { what: issue.message } }];
  return [{ path, at: "value", complaint: { found: shown(found), expected, meant } }];
}

export const unknownKey = (path: Path, key: string, known: readonly string[]): Explained => ({
  path,
  at: "key",
  complaint: {
    what: UNKNOWN_KEY,
    expected: known.length > 0 ? oneOf(known) : "no key at all",
    meant: closest(key, known),
  },
});

export const oneOf = (names: readonly unknown[]): string =>
  names.length === 1 ? String(names[0]) : `one of ${names.join(", ")}`;

const KIND_WORDS: Readonly<Record<string, string>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

const UNIT_WORDS: Readonly<Record<string, string>> = { array: " items", string: " characters" };

/** What a value should have been. A schema's own message that starts with "expected" goes before zod's. */
function expectation(issue: z.core.$ZodIssue): string | undefined {
  const own = /^expected (.+)$/s.exec(issue.message)?.[1];
  if (own !== undefined) return own;
  switch (issue.code) {
    case "invalid_type":
      return KIND_WORDS[issue.expected] ?? issue.expected;
    case "invalid_value":
      return oneOf(issue.values);
    case "too_small":
      return `at least ${issue.minimum}${UNIT_WORDS[issue.origin] ?? ""}`;
    case "too_big":
      return `at most ${issue.maximum}${UNIT_WORDS[issue.origin] ?? ""}`;
    case "invalid_union":
      return [...new Set(issue.errors.flat().map((inner) => expectation(inner)))].join(" or ");
    default:
      return undefined;
  }
}

/** The keys that a schema knows at a path, for saying what an unknown key could have been. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  const here = unwrapped(schema);
  const [part, ...rest] = path;
  if (part === undefined) return here.type === "object" ? Object.keys(here.shape) : [];
  if (here.type === "array") return keysAt(here.element, rest);
  if (here.type === "record") return keysAt(here.valueType, rest);
  const inner = here.type === "object" ? here.shape[part] : undefined;
  return inner ? keysAt(inner, rest) : [];
}

type Def = z.core.$ZodTypes["_zod"]["def"];

function unwrapped(schema: z.core.$ZodType): Def {
  const def = schema._zod.def as Def;
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
      return unwrapped(def.innerType);
    case "pipe":
      return unwrapped(def.in);
    default:
      return def;
  }
}
