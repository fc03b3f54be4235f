import { isUtf8 } from "node:buffer";
import type { z } from "zod";
import { messageOf } from "../errors.ts";
import { visible } from "../text.ts";
import { refusal } from "./refusal.ts";

const MAX_DEPTH = 64;

/** JSON from a stranger: UTF-8, at most 64 levels deep, and of the given shape. `what` names it in the refusal (exit 5). */
export const parseJson = <Schema extends z.ZodType>(
  bytes: Uint8Array,
  what: string,
  schema: Schema,
): z.output<Schema> => shaped(parsed(textOf(bytes, what), what), what, schema);

/** Like parseJson, for files that no digest covers: there is exactly one way to write them, so no byte can change unseen. */
export function parseCanonical<Schema extends z.ZodType>(
  bytes: Uint8Array,
  what: string,
  schema: Schema,
): z.output<Schema> {
  const text = textOf(bytes, what);
  const value = parsed(text, what);
  const result = shaped(value, what, schema);
  if (canonicalJson(value) !== text) throw refusal(`${what} is not written as Blackstart writes it`);
  return result;
}

function textOf(bytes: Uint8Array, what: string): string {
  if (!isUtf8(bytes)) throw refusal(`${what} is not UTF-8 text`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** One line without spaces. Keys keep their order. */
export const canonicalJson = (value: unknown): string => `${JSON.stringify(value)}\n`;

function parsed(text: string, what: string): unknown {
  if (isTooDeep(text)) throw refusal(`${what} is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw refusal(`${what} is not JSON: ${visible(messageOf(thrown)).slice(0, 160)}`);
  }
}

function shaped<Schema extends z.ZodType>(value: unknown, what: string, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 5).map((i) => `${visible(i.path.join("."))}: ${visible(i.message)}`);
  throw refusal(`${what} has the wrong shape: ${problems.join("; ").slice(0, 400)}`);
}

/** Counts brackets outside of strings, so that a bomb of brackets is refused before it is parsed. One pass, no regular expression. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted && c === "\\") i += 1;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "[" || c === "{")) depth += 1;
    else if (!quoted && (c === "]" || c === "}")) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** Strict base64 (RFC 4648 section 4): exactly the text that encoding the bytes gives, so that it cannot be varied. */
export function fromBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (text === "" || bytes.toString("base64") !== text) throw refusal(`${what} is not base64`);
  return bytes;
}

/** Where two JSON values first differ, `lost.count: 0 is not 1`; null when they are equal. Key order does not matter. */
export function firstDifference(a: unknown, b: unknown, path = ""): string | null {
  if (Object.is(a, b)) return null;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) {
    const [left, right] = [shown(a), shown(b)];
    const from = commonStart(left, right);
    return `${path || "value"}: ${excerpt(left, from)} is not ${excerpt(right, from)}`;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = firstDifference(own(a, key), own(b, key), path === "" ? key : `${path}.${key}`);
    if (difference !== null) return difference;
  }
  return null;
}

/** How many characters two texts share before they differ. */
function commonStart(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i += 1;
  return i;
}

/** The part of a long text where the difference is. */
const excerpt = (text: string, from: number): string =>
  text.length <= 80 ? text : `${from > 30 ? "…" : ""}${text.slice(Math.max(0, from - 30), from + 50)}…`;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const own = (value: object, key: string): unknown => (Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined);
const shown = (value: unknown): string => visible((JSON.stringify(value) ?? "nothing").slice(0, 10_000));
