/** Colours, type and layout of the page. The contrast of every text colour is proven by a test over these tokens. */

/** Text colours stand on `paper` and on `wash`. */
export const TEXT_TOKENS = ["ink", "muted", "pass", "fail", "unknown", "lucky", "control"] as const;
export const PLOT_TOKENS = ["ok", "failed", "indeterminate", "p50", "p99"] as const;

type Tokens = Readonly<
  Record<(typeof TEXT_TOKENS)[number] | (typeof PLOT_TOKENS)[number] | "paper" | "wash" | "rule" | "faint", string>
>;

export const LIGHT: Tokens = {
  paper: "#ffffff",
  wash: "#f5f6f4",
  rule: "#d5d9d6",
  faint: "#e9ecea",
  ink: "#15191c",
  muted: "#58616a",
  pass: "#0f6b3c",
  fail: "#b3201b",
  unknown: "#855300",
  lucky: "#855300",
  control: "#4a48a8",
  ok: "#6f93b3",
  failed: "#c8362f",
  indeterminate: "#bb8311",
  p50: "#23618f",
  p99: "#a8550f",
};

export const DARK: Tokens = {
  paper: "#121517",
  wash: "#1a1e21",
  rule: "#363d42",
  faint: "#242a2e",
  ink: "#e9ebe8",
  muted: "#a3acb3",
  pass: "#67cf98",
  fail: "#ff8b80",
  unknown: "#edb64e",
  lucky: "#edb64e",
  control: "#b4b2ff",
  ok: "#5f8cb0",
  failed: "#f0655b",
  indeterminate: "#d9a02b",
  p50: "#8cc4ec",
  p99: "#f2a35e",
};

const declare = (tokens: Tokens): string =>
  Object.entries(tokens)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");

/** The tokens for both schemes; paper is always light. */
export const tokenCss = `:root{color-scheme:light dark;${declare(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${declare(DARK)}}}
@media print{:root{color-scheme:light;${declare(LIGHT)}}}
`;

const SANS = `system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Inter,Arial,"Noto Sans",sans-serif`;
const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace`;

/** Shared by the page and the timeline that stands alone. */
export const plotCss = `
.plot{display:block;width:100%;height:auto;font-family:${SANS};font-variant-numeric:tabular-nums}
.plot text{fill:var(--ink);font-size:11px}
.plot .axis{fill:var(--muted)}
.plot .strong{font-weight:600}
.plot .head{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}
.plot .grid{stroke:var(--faint);stroke-width:1}
.plot .base{stroke:var(--rule);stroke-width:1}
.plot .ok{fill:var(--ok)}
.plot .failed{fill:var(--failed)}
.plot .indeterminate{fill:var(--indeterminate)}
.plot .band{fill:var(--wash)}
.plot .lossband{fill:var(--fail);opacity:.13}
.plot .p50,.plot .p99{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.plot .p50{stroke:var(--p50)}
.plot .p99{stroke:var(--p99)}
.plot .swatch.p50{fill:var(--p50);stroke:none}
.plot .swatch.p99{fill:var(--p99);stroke:none}
.plot .mark{stroke:var(--muted);stroke-width:1}
.plot .fault{stroke:var(--fail);stroke-width:1.5}
.plot text.goal{stroke:none;fill:var(--muted)}
.plot text.fault{stroke:none;fill:var(--fail);font-weight:600}
.plot .goal{stroke:var(--ink);stroke-width:1;stroke-dasharray:4 3}
.plot .baseline{stroke:var(--muted);stroke-width:1;stroke-dasharray:1 3}
.plot .thread{stroke:var(--faint);stroke-width:1}
.plot .span{fill:var(--ok)}
.plot .doubt{fill:var(--p50)}
`;

export const pageCss = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 ${SANS};font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.page{max-width:1180px;margin:0 auto;padding:0 32px 64px}
.bar{height:8px;background:var(--tone)}
.tone-pass{--tone:var(--pass)}.tone-fail{--tone:var(--fail)}.tone-unknown{--tone:var(--unknown)}.tone-lucky{--tone:var(--lucky)}.tone-control{--tone:var(--control)}
p{margin:0 0 .7em;max-width:72ch}
a{color:inherit;text-underline-offset:2px;text-decoration-color:var(--rule)}
code{font:0.86em/1.45 ${MONO};font-variant-ligatures:none}
.quiet,.note{color:var(--muted)}
.note{font-size:13px;line-height:1.45;max-width:90ch}
.word{font-weight:650;color:var(--tone);white-space:nowrap}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 24px;padding:18px 0 0;font-size:13px;color:var(--muted)}
.top b{color:var(--ink);font-weight:650;letter-spacing:.01em}

.lead{position:relative;padding:36px 0 26px}
.stamp{float:right;margin:2px 0 12px 28px;padding:7px 14px 8px;border:2px solid var(--muted);border-radius:3px;color:var(--muted);font-size:12.5px;line-height:1.35;text-align:center;transform:rotate(-3deg)}
.stamp b{display:block;font-size:17px;letter-spacing:.14em;text-indent:.14em}
h1{margin:0;font-weight:400;max-width:30em}
h1 .verdict{display:block;font-size:clamp(46px,8.2vw,92px);font-weight:720;line-height:1;letter-spacing:-.035em;color:var(--tone);margin:0 0 .2em -.035em}
h1 .title{display:block;font-size:clamp(20px,2.5vw,28px);line-height:1.25;font-weight:600;letter-spacing:-.012em}
.sentence{margin:10px 0 0;font-size:17px;color:var(--muted);max-width:64ch}
.meaning{margin:8px 0 0;max-width:64ch}
.banner{clear:both;border-left:5px solid var(--tone);background:var(--wash);padding:11px 18px 12px;margin:0 0 10px}
.banner p{margin:0;max-width:100ch}
.banner b{color:var(--tone);display:block}

.figures{clear:both;display:grid;grid-template-columns:repeat(3,1fr);border-top:2px solid var(--ink);border-bottom:1px solid var(--rule);margin:14px 0 0}
.figures>div{padding:14px 24px 18px;border-left:1px solid var(--rule)}
.figures>div:first-child{padding-left:0;border-left:0}
.figures dt{font-size:13px;font-weight:600}
.figures dd{margin:0}
.figures .big{font-size:clamp(31px,3.9vw,48px);font-weight:650;letter-spacing:-.03em;line-height:1.18;white-space:nowrap}
.figures .big.long{font-size:clamp(22px,2.4vw,29px);white-space:normal;line-height:1.3;padding:5px 0}
.kept{white-space:nowrap}
.figures .big small{font-size:.46em;font-weight:500;letter-spacing:0;color:var(--muted);margin-left:0}
.figures .against{font-size:13.5px;color:var(--muted);line-height:1.4}
.facts{display:grid;grid-template-columns:repeat(4,1fr);gap:14px 28px;margin:18px 0 0;font-size:13.5px;line-height:1.4}
.facts dt{color:var(--muted)}
.facts dd{margin:0}
.contents{margin:26px 0 0;padding:9px 0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);font-size:13.5px;display:flex;flex-wrap:wrap;gap:2px 18px}
.contents a{text-decoration:none}.contents a:hover{text-decoration:underline}

section{display:grid;grid-template-columns:176px minmax(0,1fr);gap:0 36px;padding:30px 0 8px}
section+section{border-top:1px solid var(--rule)}
section>*{grid-column:2}
section>h2{grid-column:1;grid-row:1/span 99;margin:0;font-size:16px;line-height:1.35;font-weight:650;letter-spacing:-.005em}
h3{font-size:13.5px;font-weight:650;margin:18px 0 6px}
section>h2+h3{margin-top:1px}
figure{margin:0 0 14px;container-type:inline-size}
figcaption{color:var(--muted);font-size:13px;line-height:1.45;margin-top:6px;max-width:96ch}
.wide,.middle{display:none}
@container (min-width:560px){.narrow{display:none}.middle{display:block}}
@container (min-width:860px){.middle{display:none}.wide{display:block}}
.keys{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:13px;margin:0 0 8px;padding:0;list-style:none}
.keys i{display:inline-block;width:11px;height:11px;margin-right:6px;vertical-align:-1px;background:var(--c)}
.keys i.k-p50,.keys i.k-p99{height:3px;vertical-align:3px;border-radius:2px}
.k-ok{--c:var(--ok)}.k-failed{--c:var(--failed)}.k-indeterminate{--c:var(--indeterminate)}.k-p50{--c:var(--p50)}.k-p99{--c:var(--p99)}.k-doubt{--c:var(--p50)}

table{border-collapse:collapse;width:100%;margin:0 0 14px;font-size:13.5px;line-height:1.42}
th{text-align:left;font-weight:500;color:var(--muted);padding:0 16px 5px 0;border-bottom:1px solid var(--ink);vertical-align:bottom;overflow-wrap:normal}
td{padding:6px 16px 6px 0;border-bottom:1px solid var(--faint);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
td code{font-size:12px}
.short{white-space:nowrap}
.reasons td:nth-child(1),.goals td:nth-child(1),.goals td:nth-child(2){white-space:nowrap}
.reasons td:nth-child(2){min-width:9.5em}
.reasons td:nth-child(4){min-width:14em}
.detectors td:nth-child(1){white-space:nowrap}
.seen{white-space:nowrap}
.seen.yes{font-weight:700;border:1.5px solid currentColor;border-radius:2px;padding:0 5px}
.seen.no{color:var(--muted)}
.seen.blind{color:var(--muted);font-style:italic;border-bottom:1px dashed currentColor}
.marks td:nth-child(1){color:var(--muted);width:1.6em}
.marks td:nth-child(3),.marks td:nth-child(4),.marks td:nth-child(5){white-space:nowrap}
.tag{display:inline-block;border:1px solid currentColor;border-radius:2px;padding:0 5px;font-size:11.5px;line-height:1.35;color:var(--unknown);white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:12px 26px;margin:0 0 16px;font-size:13.5px;line-height:1.4}
.grid dt{color:var(--muted)}
.grid dd{margin:0}
.grid.counts{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
.grid.counts dd{font-size:20px;font-weight:600;letter-spacing:-.01em}
.grid.counts .bad{color:var(--fail)}
.plain{font-size:16.5px;line-height:1.58}
.plain p{margin-bottom:.75em}
ul{margin:0 0 14px;padding-left:1.15em}
li{margin:.15em 0;max-width:90ch}
ol.verify{margin:0;padding:0;list-style:none;counter-reset:step}
ol.verify li{counter-increment:step;position:relative;padding-left:30px;margin:0 0 14px;max-width:none}
ol.verify li::before{content:counter(step);position:absolute;left:0;top:0;color:var(--muted)}
pre{margin:4px 0 0;padding:9px 13px;background:var(--wash);font:12.5px/1.5 ${MONO};white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:28px;padding-top:12px;border-top:2px solid var(--ink);font-size:12.5px;color:var(--muted)}
.watermark{display:none}

@media (max-width:820px){
.page{padding:0 20px 48px}
.lead{padding:24px 0 20px}
.figures{grid-template-columns:1fr}
.figures>div{padding:12px 0 13px;border-left:0;border-top:1px solid var(--rule)}
.figures>div:first-child{border-top:0}
.facts{grid-template-columns:repeat(2,1fr)}
section{display:block;padding:24px 0 6px}
section>h2{font-size:19px;margin:0 0 10px}
}
@media (max-width:640px){
.stamp{float:none;display:inline-block;margin:0 0 20px}
.facts{grid-template-columns:1fr}
.facts>div,.grid:not(.counts)>div{display:grid;grid-template-columns:9.2em minmax(0,1fr);gap:10px}
.facts{gap:6px}
.grid:not(.counts){grid-template-columns:1fr;gap:6px}
.grid.counts{grid-template-columns:1fr 1fr}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,td{display:block;width:auto!important}
tr{padding:8px 0;border-bottom:1px solid var(--rule)}
td{padding:1px 0;border:0;display:grid;grid-template-columns:7.4em minmax(0,1fr);gap:10px;white-space:normal!important}
td::before{content:attr(data-label);color:var(--muted)}
td:empty{display:none}
.marks tr{display:grid;grid-template-columns:1.7em minmax(0,1fr) auto;gap:0 6px}
.marks td:nth-child(-n+3),.lost td{display:block}
.marks td:nth-child(-n+3)::before,.lost td::before{content:none}
.marks td:nth-child(2),.marks td:nth-child(3){font-weight:600}
.marks td:nth-child(n+4){grid-column:2/-1;grid-template-columns:6.4em minmax(0,1fr)}
.detectors tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 8px}
.detectors td:nth-child(-n+2){display:block}
.detectors td:nth-child(-n+2)::before{content:none}
.detectors td:nth-child(1){font-weight:600}
.detectors td:nth-child(n+3){grid-column:1/-1}
.lost tr{display:grid;grid-template-columns:1fr auto auto;gap:0 12px}
.lost td:nth-child(1){order:1}.lost td:nth-child(3){order:2}.lost td:nth-child(5){order:3}
.lost td:nth-child(2),.lost td:nth-child(4){order:4;color:var(--muted)}
.lost td:nth-child(6){order:5;grid-column:1/-1;color:var(--muted)}
.plain{font-size:16px}
}
@media print{
@page{margin:15mm 14mm}
body{font-size:9.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.page{padding:0;max-width:none}
.contents{display:none}
.lead{padding:14px 0}
section{grid-template-columns:minmax(0,1fr);gap:0;padding:14px 0 4px}
section>*{grid-column:1}
section>h2{grid-row:auto;margin:0 0 8px}
h2,h3{break-after:avoid}
figure,tr,.banner,.figures,ol.verify li,.grid>div{break-inside:avoid}
.figures{grid-template-columns:repeat(3,1fr)}
.figures>div{padding:10px 14px;border-top:0;border-left:1px solid var(--rule)}
.figures>div:first-child{padding-left:0;border-left:0}
.grid.counts{grid-template-columns:repeat(5,1fr)}
.figures .big{font-size:22pt}.figures .big.long{font-size:13pt}
h1 .verdict{font-size:48pt}h1 .title{font-size:16pt}
.facts{grid-template-columns:repeat(4,1fr);gap:8px 18px}
table,.grid,.facts{font-size:8.5pt}.note,figcaption{font-size:8pt}pre,td code{font-size:8pt}
.plain{font-size:10.5pt}.sentence{font-size:11.5pt}
.development .watermark{display:block;position:fixed;top:42%;left:0;right:0;text-align:center;font-size:58pt;font-weight:700;letter-spacing:.06em;white-space:nowrap;color:var(--ink);opacity:.06;transform:rotate(-28deg)}
}
`;
