/** views/report.html: one page that loads nothing, runs nothing and still reads well in a browser, on a phone and on paper. */
import type { Report } from "../report.ts";
import { Markup, markup } from "./markup.ts";
import { cover } from "./cover.ts";
import { sections } from "./sections.ts";
import { pageCss, plotCss, tokenCss } from "./theme.ts";
import { stamp } from "./words.ts";

export const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export function renderHtml(report: Report): string {
  const { tone, word } = stamp(report);
  const parts = sections(report);
  const page = markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${word}: ${report.title} (${report.run})</title>
<style>${new Markup(tokenCss + plotCss + pageCss)}</style>
</head>
<body class="tone-${tone} ${report.class}">
<div class="bar"></div>
<div class="watermark" aria-hidden="true">DEVELOPMENT</div>
<div class="page">
${cover(report)}
<nav class="contents" aria-label="Contents">${parts.map(({ id, title }) => markup`<a href="#${id}">${title}</a>\n`)}</nav>
<main>
${parts.map(({ id, title, body }) => markup`<section id="${id}"><h2>${title}</h2>\n${body}\n</section>\n`)}</main>
<footer>Run ${report.run} of ${report.scenario}, ${report.class} evidence. Made from the pack alone; signed in report.sigstore.json. An objective is what was asked for, an actual is what was measured.</footer>
</div>
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}
