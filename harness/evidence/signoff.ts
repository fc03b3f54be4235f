/**
 * A person's sign-off: an SSH signature (ssh-keygen -Y, namespace drill-signoff) over a pack's signed report. It is an act of its own
 * and lies beside the pack, which stays as it was sealed. Who may sign off stands in the verifier's allowed_signers (ssh-keygen(1)).
 */
import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { messageOf, notReady, usage } from "../errors.ts";
import { visible } from "../text.ts";
import { createFile, exists, readBounded, sha256 } from "./files.ts";
import { fingerprintOf } from "./keys.ts";
import { MAX_BYTES, PACK } from "./pack-files.ts";
import { refusal } from "./refusal.ts";

const NAMESPACE = "drill-signoff";
const SIGNATURE_BYTES = 16 * 1024;
const MOST = 50;

/** Where the sign-offs of a pack lie: beside it, by its run. */
export const signoffDirOf = (reportsDir: string, run: string): string => join(reportsDir, "signoffs", run);

/**
 * Signs the report of a pack with a person's SSH key, which may live in an agent or a token. Returns the file. Exit 6 when the key
 * cannot sign, 5 for a key that signed the drill itself: one person does not run and approve.
 */
export async function signOff(packDir: string, run: string, keyFile: string): Promise<string> {
  const bundle = readBounded(join(packDir, PACK.report), PACK.report, MAX_BYTES.bundle);
  const dir = mkdtempSync(join(tmpdir(), "blackstart-signoff-"));
  try {
    const file = join(dir, "report");
    writeFileSync(file, bundle);
    const { code, stderr } = await sshKeygen(["-Y", "sign", "-n", NAMESPACE, "-f", keyFile, file], "");
    if (code !== 0)
      throw notReady(
        `ssh-keygen could not sign: ${visible(stderr.trim()).slice(0, 300)}`,
        "check --key, and the agent that holds it",
      );
    const signature = readFileSync(`${file}.sig`);
    await refuseOwn(packDir, keyFile);
    const target = join(signoffDirOf(dirname(packDir), run), `${sha256(signature).slice(0, 16)}.sig`);
    mkdirSync(dirname(target), { recursive: true });
    createFile(target, signature);
    return target;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The public half of an SSH key as SubjectPublicKeyInfo, where it is of a kind that could have signed a drill; else nothing is said. */
async function refuseOwn(packDir: string, keyFile: string): Promise<void> {
  const { code, stdout } = await sshKeygen(["-e", "-m", "PKCS8", "-f", keyFile], "");
  if (code !== 0) return;
  const bundle = JSON.parse(
    readBounded(join(packDir, PACK.report), PACK.report, MAX_BYTES.bundle).toString("utf8"),
  ) as {
    verificationMaterial: { publicKey: { hint: string } };
  };
  const own = Buffer.from(bundle.verificationMaterial.publicKey.hint, "base64").toString("hex");
  if (fingerprintOf(createPublicKey(stdout)) === own)
    throw refusal("The key that signed the drill cannot sign it off", "somebody else approves what one person ran");
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
  const bundle = readBounded(join(packDir, PACK.report), PACK.report, MAX_BYTES.bundle);
  const signoffs: Signoff[] = [];
  for (const name of files) {
    const file = join(dir, name);
    readBounded(file, name, SIGNATURE_BYTES);
    signoffs.push({ principal: await signerOf(bundle, file, name, allowedSigners), file });
  }
  return signoffs;
}

async function signerOf(bundle: Buffer, file: string, name: string, allowedSigners: string): Promise<string> {
  const found = await sshKeygen(["-Y", "find-principals", "-s", file, "-f", allowedSigners], "");
  const [principal] = found.stdout.trim().split("\n");
  if (found.code !== 0 || !principal) throw refusal(`the sign-off ${visible(name)} is by nobody who is allowed`);
  const verify = ["-Y", "verify", "-n", NAMESPACE, "-f", allowedSigners, "-I", principal, "-s", file];
  const { code, stdout, stderr } = await sshKeygen(verify, bundle);
  if (code === 0) return principal;
  throw refusal(
    `the sign-off ${visible(name)} of ${visible(principal)} does not hold: ${visible((stderr || stdout).trim()).slice(0, 200)}`,
  );
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sshKeygen(args: readonly string[], stdin: Buffer | string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = execFile("ssh-keygen", args, { timeout: 60_000, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if ((error as NodeJS.ErrnoException | null)?.code === "ENOENT")
        return reject(
          usage("ssh-keygen is not on PATH, and it is what makes and checks sign-offs", "install the OpenSSH client"),
        );
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout, stderr });
    });
    child.stdin?.on("error", () => undefined); // a program that does not read is judged by its answer
    child.stdin?.end(stdin);
  });
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
