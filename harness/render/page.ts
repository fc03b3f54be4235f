/** The shell of every page: it loads nothing, runs nothing, sends nothing and is not to be found by a search. */
import { Markup, markup } from "./markup.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

interface Page {
  readonly title: string;
  readonly css: string;
  /** Of the body: they choose its colours and marks. */
  readonly classes: string;
  readonly body: Markup;
}

export function htmlPage({ title, css, classes, body }: Page): string {
  const page = markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Markup(css)}</style>
</head>
<body class="${classes}">
<div class="bar"></div>
${body}
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}
