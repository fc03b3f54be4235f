import { execFile } from "node:child_process";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signWith,
  verify as verifyWith,
  type KeyObject,
} from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { messageOf, notReady, usage } from "../errors.ts";
import { visible } from "../text.ts";
import { createFile, exists, sha256 } from "./files.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** A key that was made for this machine alone can never sign more than development evidence. */
export type SignerRole = "development" | "attested";

/** Who signs: ECDSA over P-256 with SHA-256, the one algorithm that openssl, cosign 2.5 and @sigstore/verify all take. */
export interface Signer {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** SHA-256 of `spki`, lower-case hex: what a verifier pins. */
  readonly fingerprint: string;
  readonly role: SignerRole;
  /** The DER signature over SHA-256 of `bytes`. Rejects with exit 6 when the key cannot sign now. */
  sign(bytes: Uint8Array): Promise<Buffer>;
}

export interface LoadedSigner {
  readonly signer: Signer;
  /** The public key file of a development key that was made just now; null when there was one already. */
  readonly created: string | null;
}

const SIGN_TIMEOUT_MS = 60_000;
const SIGNATURE_BYTES = 64 * 1024;

/** Where keys live: BLACKSTART_CONFIG, else `blackstart` under XDG_CONFIG_HOME, else ~/.config/blackstart. */
const configDir = (env: Env): string =>
  env["BLACKSTART_CONFIG"] || join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "blackstart");

const publicPathOf = (keyPath: string): string => keyPath.replace(/(\.pem)?$/, ".pub.pem");

/**
 * The signer that the environment names: BLACKSTART_SIGNING_KEY (a PEM file), or BLACKSTART_SIGNER (any command: the message on
 * stdin, the DER signature on stdout) with BLACKSTART_SIGNER_PUBLIC_KEY (a PEM file); with neither, the local development key,
 * which is made on first use. Exit 2 when both are named, 6 when a key cannot be used.
 */
export function loadSigner(env: Env): LoadedSigner {
  const [file, command] = [env["BLACKSTART_SIGNING_KEY"], env["BLACKSTART_SIGNER"]];
  if (file && command) throw usage("BLACKSTART_SIGNING_KEY and BLACKSTART_SIGNER are both set", "unset one of them");
  const development = join(configDir(env), "development.pem");
  if (!file && !command) return developmentSigner(development);
  const local = exists(development) ? fingerprintOf(readPrivateKey(development)) : null;
  const roleOf = (key: KeyObject): SignerRole => (fingerprintOf(key) === local ? "development" : "attested");
  if (file) {
    const key = readPrivateKey(file);
    return { signer: fileSigner(key, roleOf(key)), created: null };
  }
  const publicPath = env["BLACKSTART_SIGNER_PUBLIC_KEY"];
  if (!publicPath)
    throw usage("BLACKSTART_SIGNER is set without BLACKSTART_SIGNER_PUBLIC_KEY", "name the PEM file of its public key");
  const publicKey = readPublicKey(publicPath);
  return { signer: execSigner(command!, publicKey, roleOf(publicKey), env), created: null };
}

function developmentSigner(path: string): LoadedSigner {
  const created = exists(path) ? null : (writeKeyPair(path), publicPathOf(path));
  return { signer: fileSigner(readPrivateKey(path), "development"), created };
}

/** Writes a new key pair to `path` (mode 0600) and beside it as `.pub.pem`. Never overwrites: exit 2 when either is there. */
export function keygen(path: string): { key: string; publicKey: string; fingerprint: string } {
  const publicKey = publicPathOf(path);
  for (const taken of [path, publicKey]) if (exists(taken)) throw taking(taken);
  if (!writeKeyPair(path)) throw taking(path);
  return { key: path, publicKey, fingerprint: fingerprintOf(readPrivateKey(path)) };
}

const taking = (path: string): Error =>
  usage(`${visible(path)} exists and is not overwritten`, "name another file with --out, or move this one away");

/** False when another process was quicker; its key is then the one that counts. */
function writeKeyPair(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  if (!createFile(path, pem(privateKey), 0o600)) return false;
  createFile(publicPathOf(path), pem(publicKey));
  return true;
}

/** The Ed25519 key that signs the heads of the run ledgers of this machine; made on first use, beside the development key. */
export function ledgerKey(env: Env): KeyObject {
  const path = join(configDir(env), "ledger.pem");
  if (!exists(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createFile(path, pem(generateKeyPairSync("ed25519").privateKey), 0o600);
  }
  return readKeyFile(path, "ed25519");
}

const pem = (key: KeyObject): string =>
  key.export({ format: "pem", type: key.type === "private" ? "pkcs8" : "spki" }).toString();

const spkis = new WeakMap<KeyObject, Buffer>();

/** SubjectPublicKeyInfo in DER, of a public or a private key. Kept: it was a third of the time that `verify` takes for a small pack. */
export function spkiOf(key: KeyObject): Buffer {
  const kept = spkis.get(key);
  if (kept) return kept;
  const spki = (key.type === "private" ? createPublicKey(key) : key).export({ type: "spki", format: "der" });
  spkis.set(key, spki);
  return spki;
}

export const fingerprintOf = (key: KeyObject): string => sha256(spkiOf(key));

const isP256 = (key: KeyObject): boolean =>
  key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";

/** A P-256 public key from PEM text or from DER (SPKI); null when it is anything else, a private key included. */
export function parsePublicKey(bytes: Buffer): KeyObject | null {
  try {
    const text = bytes.toString("latin1");
    if (text.includes("PRIVATE KEY")) return null;
    const key = text.includes("-----BEGIN ")
      ? createPublicKey(text)
      : createPublicKey({ key: bytes, format: "der", type: "spki" });
    return isP256(key) ? key : null;
  } catch {
    return null;
  }
}

/** The P-256 public key in a file; exit 6 when there is none. */
export function readPublicKey(path: string): KeyObject {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    throw notReady(`The public key cannot be read: ${visible(messageOf(thrown))}`, "name a PEM file", thrown);
  }
  const key = parsePublicKey(bytes);
  if (key === null)
    throw notReady(
      `${visible(path)} is not a P-256 public key in PEM`,
      "make a key pair with blackstart keygen, or export one with openssl pkey -pubout",
    );
  return key;
}

const readPrivateKey = (path: string): KeyObject => readKeyFile(path, "ec");

/** Reads a private key that nobody but its owner can read. The check is made on the open file, so that it cannot be swapped. */
function readKeyFile(path: string, type: "ec" | "ed25519"): KeyObject {
  const shown = visible(path);
  let text: Buffer;
  try {
    const fd = openSync(path, "r");
    try {
      const mode = fstatSync(fd).mode & 0o777;
      if ((mode & 0o077) !== 0)
        throw notReady(
          `The private key ${shown} has mode ${mode.toString(8)}: others can use it`,
          `chmod 600 ${shown}`,
        );
      text = readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown)
      throw notReady(
        `The private key ${shown} cannot be read (${String(thrown.code)})`,
        "check the path and its owner",
      );
    throw thrown;
  }
  return parsePrivateKey(text, shown, type);
}

function parsePrivateKey(text: Buffer, shown: string, type: "ec" | "ed25519"): KeyObject {
  const wanted = type === "ec" ? "P-256" : "Ed25519";
  try {
    const key = createPrivateKey(text);
    if (type === "ec" ? isP256(key) : key.asymmetricKeyType === type) return key;
  } catch {
    // the parser's own words say nothing to a person, and must not quote the file
  }
  throw notReady(
    `${shown} is not a ${wanted} private key in PEM without a passphrase`,
    "make one with blackstart keygen; for a key that needs a passphrase or a device use BLACKSTART_SIGNER",
  );
}

export const fileSigner = (key: KeyObject, role: SignerRole): Signer => ({
  spki: spkiOf(key),
  fingerprint: fingerprintOf(key),
  role,
  sign: (bytes) => Promise.resolve(signWith("sha256", bytes, key)),
});

function execSigner(command: string, publicKey: KeyObject, role: SignerRole, env: Env): Signer {
  return {
    spki: spkiOf(publicKey),
    fingerprint: fingerprintOf(publicKey),
    role,
    async sign(bytes) {
      const signature = await output(command, bytes, env);
      if (verifyWith("sha256", bytes, publicKey, signature)) return signature;
      throw notReady(
        `The signer command answered ${signature.length} bytes that are no signature by the key ${fingerprintOf(publicKey).slice(0, 16)}…`,
        "it must print the DER signature (ECDSA P-256, SHA-256) of its stdin and nothing else; check BLACKSTART_SIGNER_PUBLIC_KEY",
      );
    },
  };
}

/** What the command prints when it is given the message. The command line itself stays out of messages: it may hold a secret. */
function output(command: string, stdin: Uint8Array, env: Env): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: "buffer", env, timeout: SIGN_TIMEOUT_MS, maxBuffer: SIGNATURE_BYTES } as const;
    const child = execFile("sh", ["-c", command], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const how = error.killed
        ? `was stopped after ${SIGN_TIMEOUT_MS} ms`
        : `failed with ${error.code ?? error.signal}`;
      const said = visible(stderr.toString("utf8").trim()).slice(-300);
      reject(
        notReady(
          `The signer command ${how}: ${said || "it said nothing"}`,
          "run BLACKSTART_SIGNER by hand with some text on stdin",
        ),
      );
    });
    child.stdin?.on("error", () => undefined); // a command that does not read its input is judged by its answer
    child.stdin?.end(stdin);
  });
}
