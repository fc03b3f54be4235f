/**
 * Risks that people accept: a small file that says which finding of which scenario is borne, by whom, why and until when, and an
 * SSH signature over it (namespace drill-risk). A drill takes those of its scenario into its pack before its intent is signed, and
 * the intent names their digests, so none can be chosen after the result. They change no verdict.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { stateAt } from "../accepted-risk.ts";
import { BlackstartError, usage } from "../errors.ts";
import type { AcceptedRisk } from "../report.ts";
import { text } from "../scenario/names.ts";
import { type Problem, problemLines, ScenarioProblems, settled, shown } from "../scenario/problem.ts";
import { read } from "../scenario/reader.ts";
import { name, plainKeys } from "../scenario/shape.ts";
import { readSource, type Source } from "../scenario/source.ts";
import { closest } from "../scenario/suggest.ts";
import { visible } from "../text.ts";
import { exists, readBounded, replaceFile } from "./files.ts";
import type { Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";
import { checkSshSignature, isBySigner, SIGNATURE_BYTES, signWithSsh } from "./ssh-signature.ts";

export const RISK_NAMESPACE = "drill-risk";
/** Where they lie in a pack. */
export const ACCEPTANCES = "raw/acceptances";

const MOST = 50;
const MOST_BYTES = 16 * 1024;
/** Nothing is accepted for ever: whoever bears a risk looks at it again within a year. */
const MOST_DAYS = 366;
const DAY_MS = 86_400_000;

const day = z.iso.date("expected a day such as 2026-01-31");
const line = (most: number) =>
  text(new RegExp(`^(?=.*\\S)[^\\n\\t]{1,${most}}$`), `one line of at most ${most} characters`);
const shape = z.strictObject({
  id: plainKeys.id,
  /** Of the scenario that the risk shows in, and the check that finds it there. */
  scenario: plainKeys.id,
  finding: name,
  /** Days in UTC; on the day of `until` it is over. */
  from: day,
  until: day,
  owner: line(100),
  because: line(500),
});
export type RiskAcceptance = z.output<typeof shape>;

export interface SignedAcceptance {
  readonly acceptance: RiskAcceptance;
  readonly bytes: Buffer;
  readonly signature: Buffer;
}

/** What a file says, or everything that is wrong with it. `checks` are the names that a finding may have; any where it is null. */
function parseAcceptance(
  file: string,
  bytes: Buffer,
  checks: readonly string[] | null,
): { readonly acceptance: RiskAcceptance | null; readonly problems: readonly Problem[] } {
  const source = readSource(file, bytes);
  const said = read(source, shape, []);
  if (said) judge(source, said, checks);
  const problems = settled(source.problems);
  return { acceptance: said && problems.length === 0 ? said : null, problems };
}

function judge(source: Source, { finding, from, until }: RiskAcceptance, checks: readonly string[] | null): void {
  const days = (Date.parse(until) - Date.parse(from)) / DAY_MS;
  if (days <= 0) source.complain(["until"], { found: shown(until), expected: "a day after from" });
  if (days > MOST_DAYS)
    source.complain(["until"], { found: shown(until), expected: `a day at most ${MOST_DAYS} days after from` });
  if (checks && !checks.includes(finding))
    source.complain(["finding"], {
      found: shown(finding),
      expected: "a check, as the findings of a report name it",
      meant: closest(finding, checks),
    });
}

/** Signs a file that is sound; the signature lies beside it. Exit 2 with every problem, 6 when the key cannot sign. */
export async function signAcceptance(
  file: string,
  keyFile: string,
  checks: readonly string[],
): Promise<{ readonly acceptance: RiskAcceptance; readonly signature: string }> {
  const bytes = bytesOf(file);
  const { acceptance, problems } = parseAcceptance(file, bytes, checks);
  if (!acceptance) throw new ScenarioProblems(problems);
  const signature = signatureOf(file);
  replaceFile(signature, await signWithSsh(bytes, RISK_NAMESPACE, keyFile));
  return { acceptance, signature };
}

const signatureOf = (file: string): string => `${file}.sig`;

function bytesOf(file: string): Buffer {
  try {
    return readBounded(file, "the file", MOST_BYTES);
  } catch (thrown) {
    throw new ScenarioProblems([problemOf(file, thrown)]);
  }
}

/** Every acceptance of a folder with its signature, whatever its days. Exit 2 with everything that is wrong with any of them. */
export async function readAcceptances(folder: string, checks: readonly string[]): Promise<SignedAcceptance[]> {
  const files = filesIn(folder).map((found) => join(folder, found));
  if (files.length > MOST)
    throw usage(`${visible(folder)} holds ${files.length} acceptances; at most ${MOST} are read`);
  const problems: Problem[] = [];
  const all: SignedAcceptance[] = [];
  for (const file of files) {
    const { signed, problems: found } = await readSigned(file, checks);
    problems.push(...found);
    if (!signed) continue;
    if (all.some(({ acceptance }) => acceptance.id === signed.acceptance.id))
      problems.push({
        place: { file },
        path: ["id"],
        found: shown(signed.acceptance.id),
        expected: "an id of its own",
      });
    all.push(signed);
  }
  if (problems.length > 0) throw new ScenarioProblems(problems);
  return all;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((found) => /\.ya?ml$/.test(found))
      .toSorted();
  } catch {
    throw usage(`${visible(folder)} is not a folder of risk acceptances`, "blackstart accept-risk --help");
  }
}

async function readSigned(
  file: string,
  checks: readonly string[],
): Promise<{ readonly signed: SignedAcceptance | null; readonly problems: readonly Problem[] }> {
  try {
    const bytes = readBounded(file, "the file", MOST_BYTES);
    const { acceptance, problems } = parseAcceptance(file, bytes, checks);
    if (!acceptance) return { signed: null, problems };
    const signature = readBounded(signatureOf(file), "its signature", SIGNATURE_BYTES);
    await checkSshSignature(bytes, signature, { namespace: RISK_NAMESPACE, what: "its signature" });
    return { signed: { acceptance, bytes, signature }, problems: [] };
  } catch (thrown) {
    return { signed: null, problems: [problemOf(file, thrown, `sign it: blackstart accept-risk ${file} --key <key>`)] };
  }
}

function problemOf(file: string, thrown: unknown, hint?: string): Problem {
  if (!(thrown instanceof BlackstartError)) throw thrown;
  return { place: { file }, path: [], what: thrown.message, hint: thrown.hint ?? hint };
}

/** Those of a scenario. Exit 2 for one that the drill's own key signed: one person does not run and accept. */
export function acceptancesFor(
  scenario: string,
  all: readonly SignedAcceptance[],
  signer: Pick<Signer, "spki">,
): SignedAcceptance[] {
  const own = all.filter(({ acceptance }) => acceptance.scenario === scenario);
  const selfish = own.find(({ signature }) => isBySigner(signature, signer));
  if (selfish)
    throw usage(
      `The risk acceptance ${selfish.acceptance.id} is signed with the key that signs the drill`,
      "whoever bears the risk signs with a key of their own",
    );
  return own;
}

/** Into a pack, under their ids. */
export function putAcceptances(packDir: string, acceptances: readonly SignedAcceptance[]): void {
  for (const { acceptance, bytes, signature } of acceptances) {
    const file = join(packDir, ACCEPTANCES, `${acceptance.id}.yaml`);
    mkdirSync(join(packDir, ACCEPTANCES), { recursive: true });
    writeFileSync(file, bytes);
    writeFileSync(signatureOf(file), signature);
  }
}

/** Their files by their names inside the pack, the signatures among them. */
export const acceptanceFilesOf = (packDir: string): string[] =>
  exists(join(packDir, ACCEPTANCES))
    ? readdirSync(join(packDir, ACCEPTANCES))
        .toSorted()
        .map((file) => `${ACCEPTANCES}/${file}`)
    : [];

/** Every acceptance in a pack, no signature checked. Refuses (exit 5) what is none, has no signature beside it, or another name. */
export function acceptancesIn(packDir: string): SignedAcceptance[] {
  const files = acceptanceFilesOf(packDir);
  const named = files.filter((file) => file.endsWith(".yaml"));
  if (named.length > MOST) throw refusal(`${named.length} risk acceptances; at most ${MOST} are read`);
  const stray = files.find((file) => !named.includes(file) && !named.map(signatureOf).includes(file));
  if (stray !== undefined) throw refusal(`${visible(stray)} is neither a risk acceptance nor the signature of one`);
  return named.map((file) => {
    const bytes = readBounded(join(packDir, file), file, MOST_BYTES);
    const { acceptance, problems } = parseAcceptance(file, bytes, null);
    if (!acceptance) throw refusal(problemLines(problems).join("; "));
    if (`${acceptance.id}.yaml` !== basename(file))
      throw refusal(`${visible(file)} is the acceptance ${acceptance.id}`);
    const signature = readBounded(signatureOf(join(packDir, file)), signatureOf(file), SIGNATURE_BYTES);
    return { acceptance, bytes, signature };
  });
}

/** What a report says of the risks in its pack; nothing where there are none. `drill` is what the signed intent says of itself. */
export function acceptedRisksOf(
  packDir: string,
  drill: { readonly signedAt: string; readonly scenario: { readonly id: string } },
): { readonly acceptances?: readonly AcceptedRisk[] } {
  const risks = acceptancesIn(packDir).map(({ acceptance }) => {
    const { id, scenario, finding, owner, because, from, until } = acceptance;
    if (scenario !== drill.scenario.id)
      throw refusal(`the risk acceptance ${id} is of the scenario ${scenario}, and this is ${drill.scenario.id}`);
    const state = stateAt(acceptance, Date.parse(drill.signedAt));
    return { id, finding, owner, because, from, until, state };
  });
  return risks.length > 0 ? { acceptances: risks } : {};
}
