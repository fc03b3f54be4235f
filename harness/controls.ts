/** What a drill is evidence for: the clauses that its scenario names, as far as the report, its class and its place allow. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Report } from "./report.ts";
import { EXIT } from "./verdict.ts";

const clause = z.strictObject({
  id: z.string(),
  clause: z.string(),
  asks: z.string(),
  shows: z.string(),
  grade: z.enum(["direct", "supporting"]),
  timed: z.boolean(),
});
const map = z.strictObject({ id: z.string(), clauses: z.array(clause).min(1) });

export type Clause = z.output<typeof clause>;

/** fixtures/policies/controls.yaml. Throws where it is not of its shape: it comes with the program. */
export const clauses: ReadonlyMap<string, Clause> = new Map(
  map
    .parse(parse(readFileSync(new URL("../fixtures/policies/controls.yaml", import.meta.url), "utf8")))
    .clauses.map((one) => [one.id, one]),
);

/** `none`: the drill is no evidence for it, and `because` says why. */
export interface ControlRow {
  readonly control: string;
  readonly clause: string;
  readonly asks: string;
  readonly shows: string;
  readonly grade: "direct" | "supporting" | "none";
  /** Why it is not what the map would allow; empty where it is. */
  readonly because: string;
}

export const controlRows = (report: Report): ControlRow[] => report.controls.map((control) => rowOf(control, report));

function rowOf(control: string, report: Report): ControlRow {
  const known = clauses.get(control);
  if (!known) return { control, clause: "", asks: "", shows: "", grade: "none", because: "not in the control map" };
  const { clause: name, asks, shows, grade, timed } = known;
  const row = { control, clause: name, asks, shows };
  const unfit = whyNone(report);
  if (unfit !== null) return { ...row, grade: "none", because: unfit };
  const caps = [
    ...(timed && report.host.environmentKind === "container-lab"
      ? ["a clause about time, and a container lab is not production"]
      : []),
    ...(report.luckyPass ? ["the settings permit loss"] : []),
    ...(report.expect === "fail" ? ["a lossy control: it shows that the checks see what they must"] : []),
  ];
  return { ...row, grade: caps.length > 0 ? "supporting" : grade, because: caps.join("; ") };
}

function whyNone({ class: evidence, exitCode, verdict }: Report): string | null {
  if (exitCode !== EXIT.met) return `the drill ended ${verdict}, with exit code ${exitCode}`;
  return evidence === "attested" ? null : "development evidence cannot satisfy an audit";
}
