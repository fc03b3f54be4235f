import { type Detector, firstWords, notRun, noticed, silent } from "../detector.ts";

export const pgAmcheck: Detector = {
  name: "pg_amcheck",
  summary: "Compares every index with its table, --heapallindexed; run while everything was read back",
  goodFor: "indexes and tables that disagree; blind to rows that are gone from both, and to a page of zeros",
  async run({ structure, serving }) {
    if (!structure) return notRun(`it was not run: ${serving.name} did not answer`);
    const { node, values, at } = structure;
    const code = values["amcheck.exit"];
    const said = firstWords(values["amcheck.output"] ?? "");
    // 2 is "corruption found" (manual, pg_amcheck); anything else but 0 means that it did not look.
    if (code === "0") return { ...silent(`${node}: every index agrees with its table`), at };
    if (code === "2") return { ...noticed(`${node}: ${said}`), at };
    return { ...notRun(code === undefined ? said : `it exited ${code}: ${said}`), at };
  },
};
