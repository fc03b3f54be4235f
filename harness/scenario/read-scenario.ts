import { open, stat } from "node:fs/promises";
import { basename, isAbsolute, relative, sep } from "node:path";
import { messageOf } from "../errors.ts";
import type { Plan } from "../plan.ts";
import { narrowChoices } from "./choices.ts";
import { readDraft } from "./draft.ts";
import { judgeMeaning } from "./meaning.ts";
import { planScenario } from "./plan-scenario.ts";
import { type Policy, readPolicy } from "./policy.ts";
import { type Problem, ScenarioProblems, settled } from "./problem.ts";
import { LIMIT_BYTES } from "./safe-text.ts";
import type { Scenario } from "./scenario.ts";
import { readSource } from "./source.ts";

export interface ReadOptions {
  /** `path=value` of every `--set`. */
  readonly set?: readonly string[];
  /** ADR-004 if left out. */
  readonly policy?: Policy;
}

/** A scenario without a single problem. */
export interface ReadScenario {
  readonly file: string;
  readonly scenario: Scenario;
  /** The same seed gives the same plan: that of the first variant. */
  plan(seed: number): Plan;
  /** What it may turn out to be where the stack leaves that open, the preferred first; at least one. */
  readonly variants: readonly Variant[];
}

export interface Variant {
  /** What stands behind the components that left it open: `minio`, or `a=minio, b=ceph`; empty where nothing was left open. */
  readonly name: string;
  readonly plan: (seed: number) => Plan;
}

/** Reads one scenario, or throws ScenarioProblems with everything that is wrong with it (exit 2). */
export async function readScenario(file: string, options: ReadOptions = {}): Promise<ReadScenario> {
  const { scenarios, problems } = await readScenarios([file], options);
  if (problems.length > 0) throw new ScenarioProblems(problems);
  return scenarios[0]!;
}

/** Reads several scenarios: those that are sound, and every problem of the others in the order of the files. */
export async function readScenarios(
  files: readonly string[],
  { set = [], policy }: ReadOptions = {},
): Promise<{ scenarios: ReadScenario[]; problems: Problem[] }> {
  const against = policy ?? (await readPolicy());
  const scenarios: ReadScenario[] = [];
  const problems: Problem[] = [];
  const fileOfId = new Map<string, string>();
  for (const file of files) {
    const read = await readOne(file, set, against);
    const id = read.scenario?.scenario.id;
    const other = id === undefined ? undefined : fileOfId.get(id);
    if (id !== undefined && other === undefined) fileOfId.set(id, file);
    if (id !== undefined && other !== undefined) problems.push(idTaken(file, id, other));
    else if (read.scenario) scenarios.push(read.scenario);
    problems.push(...read.problems);
  }
  return { scenarios, problems };
}

type One = { readonly scenario: ReadScenario | undefined; readonly problems: readonly Problem[] };

async function readOne(file: string, overrides: readonly string[], policy: Policy): Promise<One> {
  const bytes = await readBytes(file);
  if (typeof bytes === "string") return { scenario: undefined, problems: [{ place: { file }, path: [], what: bytes }] };
  const source = readSource(file, bytes, overrides);
  const draft = narrowChoices(source, readDraft(source));
  judgeMeaning(source, draft, policy);
  if (source.problems.length > 0) return { scenario: undefined, problems: settled(source.problems) };
  const scenario = draft as Scenario; // a part is undefined only after a complaint
  const input = { file: portable(file), sha256: source.sha256, policy, overrides };
  const variants = variantsOf(scenario).map(({ name, scenario: one }) => ({
    name,
    plan: (seed: number): Plan => planScenario(one, { ...input, seed }),
  }));
  return { scenario: { file, scenario, plan: (seed) => variants[0]!.plan(seed), variants }, problems: [] };
}

/** One scenario for each combination of what its components may be. */
function variantsOf(scenario: Scenario): { name: string; scenario: Scenario }[] {
  const combinations = scenario.stack.reduce<Scenario["stack"][]>(
    (before, component) =>
      before.flatMap((stack) =>
        component.choices.map((choice) => [
          ...stack,
          { ...component, ...choice, name: component.name, choices: [choice] },
        ]),
      ),
    [[]],
  );
  return combinations.map((stack) => {
    const open = stack.flatMap(({ name, choices: [choice] }) => (choice?.name ? [{ name, choice: choice.name }] : []));
    const name = open.length === 1 ? open[0]!.choice : open.map((one) => `${one.name}=${one.choice}`).join(", ");
    return { name, scenario: { ...scenario, stack } };
  });
}

/** No more of a file than it takes to refuse it; a sentence when it is no file. */
async function readBytes(file: string): Promise<Buffer | string> {
  try {
    if (!(await stat(file)).isFile()) return "not a regular file";
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LIMIT_BYTES + 1));
    return buffer.subarray(0, bytesRead);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    return code === "ENOENT" ? "there is no such file" : `cannot be read: ${messageOf(thrown)}`;
  }
}

const idTaken = (file: string, id: string, other: string): Problem => ({
  place: { file },
  path: ["id"],
  found: `${id}, the id of ${other} too`,
  expected: "an id of its own",
});

/** The file as a plan names it, which is signed and goes to others: never a path of this machine. */
function portable(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") || isAbsolute(path) ? basename(file) : path.split(sep).join("/");
}
