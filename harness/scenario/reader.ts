import type { z } from "zod";
import { explain, oneOf, unknownKey } from "./issues.ts";
import { isMapping, type Mapping, type Path, valueAt } from "./path.ts";
import { MISSING, shown } from "./problem.ts";
import type { Source } from "./source.ts";
import { closest } from "./suggest.ts";

/** Checks the value at a path against a schema; complains and returns undefined when it does not fit. */
export function read<S extends z.ZodType>(source: Source, schema: S, path: Path): z.output<S> | undefined {
  return readValue(source, schema, path, valueAt(source.data, path));
}

/** As `read`, for a map that is checked without the keys that were dealt with elsewhere. */
export function readRest<S extends z.ZodType>(
  source: Source,
  schema: S,
  path: Path,
  without: readonly string[],
): z.output<S> | undefined {
  const value = valueAt(source.data, path) as Mapping;
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !without.includes(key)));
  return readValue(source, schema, path, rest, without);
}

function readValue<S extends z.ZodType>(
  source: Source,
  schema: S,
  path: Path,
  value: unknown,
  alsoKnown: readonly string[] = [],
): z.output<S> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    for (const said of explain(issue, value, schema, alsoKnown))
      source.complain([...path, ...said.path], said.complaint, said.at);
  }
  return undefined;
}

/** The map at a path; complains and returns undefined when there is something else, or nothing. */
export function readMapping(source: Source, path: Path, expected: string): Mapping | undefined {
  const value = valueAt(source.data, path);
  if (isMapping(value)) return value;
  source.complain(path, value === undefined ? { what: MISSING, expected } : { found: shown(value), expected });
  return undefined;
}

/** The list at a path, with at least one item. */
export function readList(source: Source, path: Path, expected: string): readonly unknown[] | undefined {
  const value = valueAt(source.data, path);
  if (Array.isArray(value) && value.length > 0) return value;
  source.complain(path, value === undefined ? { what: MISSING, expected } : { found: shown(value), expected });
  return undefined;
}

/** Says of each key that is not known that it is not. */
export function refuseUnknownKeys(source: Source, path: Path, known: readonly string[]): void {
  const value = valueAt(source.data, path) as Mapping;
  for (const key of Object.keys(value).filter((k) => !known.includes(k))) {
    const said = unknownKey([...path, key], key, known);
    source.complain(said.path, said.complaint, said.at);
  }
}

/** What the name at a path stands for; complains when it is none of the names. */
export function readKind<K>(
  source: Source,
  path: Path,
  kinds: readonly K[],
  nameOf: (kind: K) => string,
): K | undefined {
  const value = valueAt(source.data, path);
  const kind = kinds.find((k) => nameOf(k) === value);
  if (kind !== undefined) return kind;
  const names = kinds.map(nameOf);
  const found = value === undefined ? { what: MISSING } : { found: shown(value) };
  source.complain(path, { ...found, expected: oneOf(names), meant: closest(value, names) });
  return undefined;
}
