/**
 * A person's signature: that of an SSH key (ssh-keygen -Y), which may live in an agent or a token, for one purpose, its namespace.
 * Who may sign what stands in the verifier's allowed_signers (ssh-keygen(1)).
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notReady, usage } from "../errors.ts";
import { visible } from "../text.ts";
import type { Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";

/** What a person signs for: a report that was drilled, or a risk that is borne. */
export type Namespace = "drill-signoff" | "drill-risk";

/** The most that is read of a signature's file. */
export const SIGNATURE_BYTES = 16 * 1024;

/** Signs with the key of a file, or with the agent's where the file has the public half. Exit 6 when the key cannot sign. */
export async function signWithSsh(bytes: Uint8Array, namespace: Namespace, keyFile: string): Promise<Buffer> {
  return inFile(bytes, async (file) => {
    const { code, stderr } = await sshKeygen(["-Y", "sign", "-n", namespace, "-f", keyFile, file], "");
    if (code === 0) return readFileSync(`${file}.sig`);
    throw notReady(
      `ssh-keygen could not sign: ${visible(stderr.trim()).slice(0, 300)}`,
      "check --key, and the agent that holds it",
    );
  });
}

/** Who signed, of those whom the file allows (at a time; now if left out). Refuses (exit 5) a signature over other bytes, for another purpose, or by somebody else. */
export async function sshSignerOf(
  bytes: Uint8Array,
  signature: Uint8Array,
  {
    namespace,
    what,
    allowedSigners,
    at = new Date(),
  }: { namespace: Namespace; what: string; allowedSigners: string; at?: Date | undefined },
): Promise<string> {
  const asOf = `-Overify-time=${at.toISOString().replace(/[-:T]|\.\d+/g, "")}`;
  return inFile(signature, async (file) => {
    const found = await sshKeygen(["-Y", "find-principals", asOf, "-s", file, "-f", allowedSigners], "");
    const principals = found.stdout.split("\n").filter((line) => line !== "");
    if (found.code !== 0 || principals.length === 0) throw refusal(`${what} is by nobody who is allowed`);
    let said = "";
    for (const principal of principals) {
      const verify = ["-Y", "verify", asOf, "-n", namespace, "-f", allowedSigners, "-I", principal, "-s", file];
      const { code, stdout, stderr } = await sshKeygen(verify, bytes);
      if (code === 0) return principal;
      said ||= wordsOf(stderr || stdout);
    }
    throw refusal(`${what} of ${visible(principals[0]!)} does not hold: ${said}`);
  });
}

/** Refuses (exit 5) a signature that is none over these bytes for this purpose, whoever made it. */
export async function checkSshSignature(
  bytes: Uint8Array,
  signature: Uint8Array,
  { namespace, what }: { namespace: Namespace; what: string },
): Promise<void> {
  await inFile(signature, async (file) => {
    const { code, stdout, stderr } = await sshKeygen(["-Y", "check-novalidate", "-n", namespace, "-s", file], bytes);
    if (code !== 0) throw refusal(`${what} does not hold: ${wordsOf(stderr || stdout)}`);
  });
}

const wordsOf = (said: string): string => visible(said.trim()).slice(0, 200);

/** An uncompressed point of P-256: what a SubjectPublicKeyInfo ends with, and what SSH writes of the same key. */
const POINT_BYTES = 65;

/** Whether a signature that holds was made with the key that signs drills, be it by way of a certificate. */
export function isBySigner(signature: Buffer, { spki }: Pick<Signer, "spki">): boolean {
  const blob = Buffer.from(signature.toString("latin1").replaceAll(/-----.*?-----/g, ""), "base64");
  return blob.includes(spki.subarray(-POINT_BYTES));
}

/** ssh-keygen takes what it reads by name, and writes beside it. */
async function inFile<T>(bytes: Uint8Array, use: (file: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "blackstart-ssh-"));
  try {
    const file = join(dir, "file");
    writeFileSync(file, bytes);
    return await use(file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sshKeygen(args: readonly string[], stdin: Uint8Array | string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = execFile("ssh-keygen", args, { timeout: 60_000, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if ((error as NodeJS.ErrnoException | null)?.code === "ENOENT")
        return reject(
          usage(
            "ssh-keygen is not on PATH, and it is what makes and checks signatures of people",
            "install the OpenSSH client",
          ),
        );
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout, stderr });
    });
    child.stdin?.on("error", () => undefined); // a program that does not read is judged by its answer
    child.stdin?.end(stdin);
  });
}
