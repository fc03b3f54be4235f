import { visible } from "../text.ts";

/** Besides the control characters of `visible`, what is invisible or reorders a line: zero-width, marks, tags, byte order, non-characters. */
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u2060-\u2064\u206a-\u206f\ufeff\ufffe\uffff]|[\u{e0000}-\u{e007f}]/gu;
/** Half a pair is no character: in no encoding of a file can it be written. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (c: string): string => `\\u{${c.codePointAt(0)!.toString(16)}}`;

/** Text that others wrote, with nothing in it that a reader cannot see. Every view passes such text through here. */
export const shown = (text: string): string =>
  visible(text).replace(LONE_SURROGATE, escaped).replace(INVISIBLE, escaped);

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For element content and quoted attributes of HTML, SVG and XML alike. */
export const escapeMarkup = (text: string): string => shown(text).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
