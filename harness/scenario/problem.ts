import { BlackstartError } from "../errors.ts";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { type Path, pathText } from "./path.ts";

/** Where something stands: in a file, in a `--set` on the command line, or in the file as a whole. */
export type Place =
  | { readonly file: string; readonly line: number; readonly column: number }
  | { readonly file: string; readonly override: string }
  | { readonly file: string };

/** What is wrong, in the parts that a sentence is made of. At least one of `what` and `expected` is there. */
export interface Complaint {
  /** `unknown key`, `missing`; left out when found and expected say it all. */
  readonly what?: string | undefined;
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  /** What was probably meant. */
  readonly meant?: string | undefined;
  /** The next step. */
  readonly hint?: string | undefined;
}

export interface Problem extends Complaint {
  readonly place: Place;
  /** Empty for the document itself. */
  readonly path: Path;
}

/** Every problem of one or several files. Nothing was started. */
export class ScenarioProblems extends BlackstartError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const files = [...new Set(problems.map((p) => visible(p.place.file)))];
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const where = files.length === 1 ? files[0] : `${files.length} files`;
    super([`${count} in ${where}, nothing was started`, ...problemLines(problems)].join("\n"), {
      exitCode: EXIT.usage,
    });
    this.name = "ScenarioProblems";
    this.problems = problems;
  }
}

/** More than anybody reads; a hostile file could have thousands. */
const LINES = 200;

/** A line for each problem. */
export function problemLines(problems: readonly Problem[]): string[] {
  const more = problems.length - LINES;
  return [...problems.slice(0, LINES).map(problemLine), ...(more > 0 ? [`… and ${more} more`] : [])];
}

/** `x.yaml:9:40: workload[0].rate: found 500, expected a rate with a unit, such as 500/s`. Safe for a terminal. */
function problemLine(problem: Problem): string {
  return [placeText(problem.place), pathText(problem.path), sentence(problem)].filter((part) => part !== "").join(": ");
}

function placeText(place: Place): string {
  if ("override" in place) return visible(`--set ${place.override}`);
  return visible("line" in place ? `${place.file}:${place.line}:${place.column}` : place.file);
}

function sentence({ what, found, expected, meant, hint }: Complaint): string {
  const said = [what, found && `found ${found}`, expected && `expected ${expected}`].filter(Boolean).join(", ");
  return visible([said, meant && `did you mean ${meant}?`, hint].filter(Boolean).join("; "));
}

/** The problem as a program reads it. */
export const problemData = (problem: Problem) => ({
  file: visible(problem.place.file),
  line: "line" in problem.place ? problem.place.line : null,
  column: "line" in problem.place ? problem.place.column : null,
  override: "override" in problem.place ? visible(problem.place.override) : null,
  path: pathText(problem.path),
  message: sentence(problem),
  found: problem.found === undefined ? null : visible(problem.found),
  expected: problem.expected === undefined ? null : visible(problem.expected),
  meant: problem.meant ?? null,
  hint: problem.hint === undefined ? null : visible(problem.hint),
});

const SHOWN_CHARS = 60;

/** A value of a file in a message: short, and in quotes when it is text, because `5` and `"5"` differ. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "a map";
  const text = JSON.stringify(value) ?? "nothing";
  return visible(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
}

export const UNKNOWN_KEY = "unknown key";
export const MISSING = "missing";

/** In the order of the file, overrides last, and without the echo of a misspelt key: that the right one is missing. */
export function settled(problems: readonly Problem[]): Problem[] {
  const misspelt = problems
    .filter((p) => p.what === UNKNOWN_KEY)
    .map((p) => pathText([...p.path.slice(0, -1), p.meant ?? ""]));
  const isEcho = (p: Problem) => p.what === MISSING && misspelt.includes(pathText(p.path));
  return problems.filter((p) => !isEcho(p)).toSorted((a, b) => order(a) - order(b));
}

const order = ({ place }: Problem): number =>
  "line" in place ? place.line * 1e6 + place.column : Number.MAX_SAFE_INTEGER;
