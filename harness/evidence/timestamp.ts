/**
 * Time stamps (RFC 3161) over the signature of a bundle: a witness outside of this host that the statement was there by then. The
 * authority is the user's choice. OpenSSL asks whether a token holds: the chain, the purpose of the certificate and the imprint are
 * its business and not ours.
 */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, notReady, usage } from "../errors.ts";
import { visible } from "../text.ts";
import { exists } from "./files.ts";
import type { Env } from "./keys.ts";
import { refusal } from "./refusal.ts";

/** Stamps the bytes of a signature. Rejects with exit 6 when the authority does not answer or what it answers does not hold. */
export interface Stamper {
  /** As reports and intents name it: the authority's host. */
  readonly name: string;
  /** null where it may do without one. */
  stamp(signature: Uint8Array): Promise<Buffer | null>;
}

const ANSWER_MS = 15_000;
const MOST_BYTES = 64 * 1024;

/**
 * The authority that the environment names: BLACKSTART_TSA_URL (http or https) and BLACKSTART_TSA_CERTIFICATE (a PEM file with its
 * root), or null with neither. Exit 2 when only one is named.
 */
export function loadStamper(env: Env): Stamper | null {
  const [url, certificate] = [env["BLACKSTART_TSA_URL"], env["BLACKSTART_TSA_CERTIFICATE"]];
  if (!url && !certificate) return null;
  if (!url || !certificate)
    throw usage(
      "Of BLACKSTART_TSA_URL and BLACKSTART_TSA_CERTIFICATE only one is set",
      "name the authority's address and the PEM file of its root, or neither",
    );
  const address = URL.parse(url);
  if (!address || !["http:", "https:"].includes(address.protocol))
    throw usage("BLACKSTART_TSA_URL is no http or https address");
  if (!exists(certificate)) throw usage(`BLACKSTART_TSA_CERTIFICATE: ${visible(certificate)} is not there`);
  return { name: address.host, stamp: (signature) => stampBy(address, certificate, signature) };
}

async function stampBy(address: URL, certificate: string, signature: Uint8Array): Promise<Buffer> {
  const token = await ask(address, requestFor(signature));
  try {
    await timeOf(token, signature, certificate);
    return token;
  } catch (thrown) {
    throw notReady(
      `The answer of the time-stamp authority ${visible(address.host)} does not hold: ${messageOf(thrown)}`,
      "check BLACKSTART_TSA_CERTIFICATE; nothing was started",
      thrown,
    );
  }
}

async function ask(address: URL, request: Buffer): Promise<Buffer> {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/timestamp-query" },
      body: new Uint8Array(request),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    if (body.length > MOST_BYTES) throw new Error(`it answered ${body.length} bytes`);
    return body;
  } catch (thrown) {
    throw notReady(
      `The time-stamp authority ${visible(address.host)} gave no token: ${visible(causeOf(thrown))}`,
      "check BLACKSTART_TSA_URL and the network; nothing was started",
      thrown,
    );
  }
}

/** What fetch says is that it failed; why stands behind it. */
const causeOf = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : messageOf(thrown);

/**
 * TimeStampReq (RFC 3161, 2.4.1) in DER, of which only two parts ever change: version 1, the SHA-256 of the signature, a nonce of
 * eight bytes, and that the certificate is wanted in the answer.
 */
function requestFor(signature: Uint8Array): Buffer {
  const nonce = randomBytes(8);
  nonce[0] = (nonce[0]! & 0x3f) | 0x40; // positive and of full length, for DER has no leading zeros
  return Buffer.concat([
    Buffer.from("30430201013031300d060960864801650304020105000420", "hex"),
    createHash("sha256").update(signature).digest(),
    Buffer.from("0208", "hex"),
    nonce,
    Buffer.from("0101ff", "hex"),
  ]);
}

/**
 * When the authority says that it saw the signature. Refuses (exit 5) a token that is over other bytes, or by nobody whom the
 * certificates in the file vouch for. Certificates are judged as of the time in the token: they end, and what they stamped stays.
 */
export async function timeOf(token: Buffer, signature: Uint8Array, certificate: string): Promise<Date> {
  const dir = mkdtempSync(join(tmpdir(), "blackstart-stamp-"));
  try {
    const [tokenFile, dataFile] = [join(dir, "token"), join(dir, "data")];
    writeFileSync(tokenFile, token);
    writeFileSync(dataFile, signature);
    const text = await openssl(["ts", "-reply", "-in", tokenFile, "-text"]);
    const said = /^Time stamp: (.+)$/m.exec(text)?.[1] ?? "";
    const time = new Date(said);
    if (Number.isNaN(time.getTime())) throw refusal("it says no time");
    const at = String(Math.floor(time.getTime() / 1_000));
    await openssl(["ts", "-verify", "-in", tokenFile, "-data", dataFile, "-CAfile", certificate, "-attime", at]);
    return time;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function openssl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("openssl", args, { timeout: 10_000, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (missing) return reject(refusal("openssl is not on PATH, and it is what checks time stamps", "install it"));
      const words = stderr
        .split("\n")
        .map((line) => /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(line)?.[1])
        .filter((word) => word !== undefined);
      reject(
        refusal(`openssl: ${visible([...new Set(words)].join(", ") || stderr.trim().slice(0, 200) || "it failed")}`),
      );
    });
  });
}
