import { escapeMarkup } from "./escape.ts";

/** Text that is markup already. Only `markup` makes it, so nothing from data can become a tag. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | null | undefined | false | readonly Value[];

const render = (value: Value): string => {
  if (value instanceof Markup) return value.text;
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escapeMarkup(String(value));
  return value.map(render).join("");
};

/** The tag of every template: what stands in the source is markup, what is put in is text. */
export const markup = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup =>
  new Markup(parts.map((part, i) => part + (i < values.length ? render(values[i]) : "")).join(""));

/** A table that becomes a list of cards on a narrow page, which is why each cell carries its column's name. */
export function table(name: string, columns: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  const head = columns.map((column) => markup`<th role="columnheader" scope="col">${column}</th>`);
  const body = rows.map((row) => markup`<tr role="row">${row.map((value, i) => cell(value, columns[i]))}</tr>\n`);
  return markup`<table role="table" class="${name}"><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">
${body}</tbody></table>`;
}

/** Words this short are never broken; longer ones may be, at any letter, so that nothing from data can widen the page. */
const SHORT = 14;

function cell(value: Value, column: string | undefined): Markup {
  const inner = render(value);
  const short = inner.replace(/<[^>]*>/g, "").length <= SHORT;
  return markup`<td role="cell" data-label="${column}"${short && markup` class="short"`}>${inner !== "" && markup`<div>${new Markup(inner)}</div>`}</td>`;
}

/** Name and value pairs; pairs without a value are left out. */
export const pairs = (name: string, entries: readonly (readonly [string, Value])[]): Markup =>
  markup`<dl class="${name}">${entries
    .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
    .map(([term, value]) => markup`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}</dl>`;

export const code = (text: string): Markup => markup`<code>${text}</code>`;
