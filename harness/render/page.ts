/** What every page has around its content: it loads nothing, runs nothing and says so to the browser. */
import { Markup, markup } from "./markup.ts";
import { pageCss, plotCss, tokenCss } from "./theme.ts";
import type { Tone } from "./words.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export interface Page {
  /** Of the window. */
  readonly title: string;
  readonly tone: Tone;
  /** The line above everything: what kind of page it is, and of when. */
  readonly kind: string;
  readonly when: string;
  readonly lead: Markup;
  readonly sections: readonly { readonly title: string; readonly body: Markup | null }[];
  readonly footer: Markup;
  /** Styles of this page alone. */
  readonly css?: string;
}

/** Sections without a body are left out. */
export function page({ title, tone, kind, when, lead, sections, footer, css = "" }: Page): string {
  const html = markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Markup(tokenCss + plotCss + pageCss + css)}</style>
</head>
<body class="tone-${tone}">
<div class="bar"></div>
<div class="page">
<div class="top"><span><b>Blackstart</b> ${kind}</span><span>${when}</span></div>
<header class="lead">${lead}</header>
<main>
${sections.map(({ title: name, body }) => body && markup`<section><h2>${name}</h2>\n${body}\n</section>\n`)}</main>
<footer>${footer}</footer>
</div>
</body>
</html>`;
  return `<!doctype html>\n${html.text}\n`;
}
