import { visible } from "../text.ts";

/** Where a value stands in a document: `["steps", 1, "target"]`. */
export type Path = readonly (string | number)[];

const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `steps[1].target`; a name that would be ambiguous is quoted, `settings["timescaledb.license"]`. Safe for a terminal. */
export const pathText = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!PLAIN.test(part)) return `${text}[${visible(JSON.stringify(part))}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");

const PART = /(?:^|(?<=.)\.)([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** The reverse of `pathText`; undefined when the text is no path. */
export function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const [whole, name, index, quoted] = PART.exec(text) ?? [];
    if (whole === undefined) return undefined;
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else path.push(unquoted(quoted!));
  }
  return path.length > 0 && typeof path[0] === "string" ? path : undefined;
}

const unquoted = (text: string): string => {
  try {
    return String(JSON.parse(text));
  } catch {
    return text; // no such key exists, and validation says so
  }
};

export type Mapping = Readonly<Record<string, unknown>>;

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path in plain data; undefined where there is none. */
export const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return value[part as number];
    return isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }, data);

export const startsWith = (path: Path, prefix: Path): boolean =>
  prefix.length <= path.length && prefix.every((part, i) => part === path[i]);
