/** views/report.html: one page that loads nothing, runs nothing and still reads well in a browser, on a phone and on paper. */
import type { Report } from "../report.ts";
import { cover } from "./cover.ts";
import { markup } from "./markup.ts";
import { htmlPage } from "./page.ts";
import { sections } from "./sections.ts";
import { pageCss, plotCss, tokenCss } from "./theme.ts";
import { stamp } from "./words.ts";

export function renderHtml(report: Report): string {
  const { tone, word } = stamp(report);
  const parts = sections(report);
  const body = markup`<div class="watermark" aria-hidden="true">DEVELOPMENT</div>
<div class="page">
${cover(report)}
<nav class="contents" aria-label="Contents">${parts.map(({ id, title }) => markup`<a href="#${id}">${title}</a>\n`)}</nav>
<main>
${parts.map(({ id, title, body: content }) => markup`<section id="${id}"><h2>${title}</h2>\n${content}\n</section>\n`)}</main>
<footer>Run ${report.run} of ${report.scenario}, ${report.class} evidence. Made from the pack alone; signed in report.sigstore.json. An objective is what was asked for, an actual is what was measured.</footer>
</div>`;
  return htmlPage({
    title: `${word}: ${report.title} (${report.run})`,
    css: tokenCss + plotCss + pageCss,
    classes: `tone-${tone} ${report.class}`,
    body,
  });
}
