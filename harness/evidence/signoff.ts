/**
 * A person's sign-off: an SSH signature (namespace drill-signoff) over a pack's signed report. It is an act of its own and lies
 * beside the pack, which stays as it was sealed.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../errors.ts";
import { visible } from "../text.ts";
import { parseBundle } from "./dsse.ts";
import { createFile, exists, readBounded, sha256 } from "./files.ts";
import type { Signer } from "./keys.ts";
import { MAX_BYTES, PACK } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { isBySigner, SIGNATURE_BYTES, signWithSsh, sshSignerOf } from "./ssh-signature.ts";
import { parseStatement } from "./statement.ts";

const NAMESPACE = "drill-signoff";
const MOST = 50;

/** Where the sign-offs of a pack lie: beside it, by its run. */
export const signoffDirOf = (reportsDir: string, run: string): string => join(reportsDir, "signoffs", run);

/**
 * Signs the report of a pack with a person's SSH key. Returns the file. Exit 6 when the key cannot sign, 5 for a key that signed the
 * drill itself: one person does not run and approve.
 */
export async function signOff(packDir: string, run: string, keyFile: string): Promise<string> {
  const bundle = readReport(packDir);
  const signature = await signWithSsh(bundle, NAMESPACE, keyFile);
  if (isBySigner(signature, signerIn(bundle)))
    throw refusal("The key that signed the drill cannot sign it off", "somebody else approves what one person ran");
  const target = join(signoffDirOf(dirname(packDir), run), `${sha256(signature).slice(0, 16)}.sig`);
  mkdirSync(dirname(target), { recursive: true });
  createFile(target, signature);
  return target;
}

const readReport = (packDir: string): Buffer => readBounded(join(packDir, PACK.report), PACK.report, MAX_BYTES.bundle);

/** The key that signed the drill, by the report's word; whether it did is for `verify`. */
function signerIn(bundle: Buffer): Pick<Signer, "spki"> {
  const { predicate } = parseStatement(parseBundle(bundle, PACK.report).payload, "report", PACK.report);
  return { spki: Buffer.from(predicate.signer.publicKey, "base64") };
}

export interface Signoff {
  readonly principal: string;
  readonly file: string;
}

/**
 * Who signed the pack off, of those whom the file allows. Refuses (exit 5) where nobody has, and where one of the sign-offs does not
 * hold: another namespace, another report, a signer who is not allowed or was not at the time.
 */
export async function checkSignoffs(packDir: string, run: string, allowedSigners: string): Promise<Signoff[]> {
  const dir = signoffDirOf(dirname(packDir), run);
  const files = exists(dir)
    ? readdirSync(dir)
        .filter((name) => name.endsWith(".sig"))
        .toSorted()
    : [];
  if (files.length === 0) throw refusal("nobody has signed it off");
  if (files.length > MOST) throw refusal(`${files.length} sign-offs; at most ${MOST} are read`);
  const bundle = readReport(packDir);
  const signoffs: Signoff[] = [];
  for (const name of files) {
    const signature = readBounded(join(dir, name), name, SIGNATURE_BYTES);
    const what = `the sign-off ${visible(name)}`;
    const principal = await sshSignerOf(bundle, signature, { namespace: NAMESPACE, what, allowedSigners });
    if (isBySigner(signature, signerIn(bundle))) throw refusal(`${what} is by the key that signed the drill`);
    signoffs.push({ principal, file: join(dir, name) });
  }
  return signoffs;
}

/** One sentence for the table of checks. */
export async function signoffWords(packDir: string, run: string, allowedSigners: string): Promise<string> {
  try {
    const signoffs = await checkSignoffs(packDir, run, allowedSigners);
    return `signed off by ${[...new Set(signoffs.map(({ principal }) => visible(principal)))].join(", ")}`;
  } catch (thrown) {
    throw refusal(messageOf(thrown));
  }
}
