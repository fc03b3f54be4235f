import { verifyPace } from "./bench/verify.ts";
import { restorePace } from "./bench/restore.ts";
import { readinessPace } from "./bench/readiness.ts";
import { validatePace } from "./bench/validate.ts";
import { writerPace } from "./bench/writer.ts";
import { type Figure, median } from "./bench/figure.ts";

/**
 * `npm run bench [name…]`: the harness's own pace, as ratios against a named baseline measured in the same run, in turn. Prints a
 * table; with --json one document. A figure without its baseline and its n means nothing, so neither is ever left out.
 */
const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  writer: writerPace,
  validate: validatePace,
  verify: verifyPace,
  readiness: readinessPace,
  restore: restorePace,
};

const asked = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`measuring ${name} …`);
  figures.push(...(await bench()));
}
if (process.argv.includes("--json")) console.log(JSON.stringify(figures, null, 2));
else {
  for (const { what, unit, baseline, values, against, wanted } of figures) {
    const ratio = median(values) / median(against);
    console.log(
      `${what}\n  ${median(values).toFixed(2)} ${unit} against ${median(against).toFixed(2)} ${unit} of ${baseline}: ratio ${ratio.toFixed(3)} (medians, n = ${values.length}; wanted ${wanted})`,
    );
  }
}
