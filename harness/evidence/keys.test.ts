import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../verdict.ts";
import { sha256 } from "./files.ts";
import { keygen, ledgerKey, loadSigner, parsePublicKey, type Env, type Signer } from "./keys.ts";

let dir: string;
let env: Env;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "blackstart-keys-"));
  env = { PATH: process.env["PATH"], BLACKSTART_CONFIG: join(dir, "config") };
});
afterEach(() => rmSync(dir, { recursive: true }));

const message = Buffer.from("what is signed");
const verifies = async (signer: Signer): Promise<boolean> =>
  verify(
    "sha256",
    message,
    createPublicKey({ key: signer.spki, format: "der", type: "spki" }),
    await signer.sign(message),
  );

test("without any key a development key is made, for its owner only, and used again", async () => {
  const first = loadSigner(env);
  expect(first.created).toBe(join(dir, "config/development.pub.pem"));
  expect(first.signer.role).toBe("development");
  expect(first.signer.fingerprint).toBe(sha256(first.signer.spki));
  expect(await verifies(first.signer)).toBe(true);
  expect(statSync(join(dir, "config/development.pem")).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, "config")).mode & 0o777).toBe(0o700);
  const second = loadSigner(env);
  expect(second).toMatchObject({ created: null, signer: { fingerprint: first.signer.fingerprint } });
});

test("keys live under XDG_CONFIG_HOME, or under the home folder", () => {
  loadSigner({ XDG_CONFIG_HOME: join(dir, "xdg"), HOME: dir });
  loadSigner({ HOME: dir });
  expect(existsSync(join(dir, "xdg/blackstart/development.pem"))).toBe(true);
  expect(existsSync(join(dir, ".config/blackstart/development.pem"))).toBe(true);
});

test("keygen writes a key that signs as attested, and overwrites neither half", async () => {
  const path = join(dir, "drill.pem");
  const made = keygen(path);
  expect(made.publicKey).toBe(join(dir, "drill.pub.pem"));
  expect(readdirSync(dir)).toEqual(["drill.pem", "drill.pub.pem"]);
  const { signer } = loadSigner({ ...env, BLACKSTART_SIGNING_KEY: path });
  expect(signer).toMatchObject({ role: "attested", fingerprint: made.fingerprint });
  expect(await verifies(signer)).toBe(true);
  expect(() => keygen(path)).toThrow(/exists and is not overwritten/);
  rmSync(path);
  expect(() => keygen(path)).toThrow(/drill\.pub\.pem exists/);
});

test("the development key stays development when it is named like any other", () => {
  loadSigner(env);
  const key = join(dir, "config/development.pem");
  expect(loadSigner({ ...env, BLACKSTART_SIGNING_KEY: key }).signer.role).toBe("development");
});

test.each([0o640, 0o604, 0o660])("a key of mode %o is not used", (mode) => {
  const { key } = keygen(join(dir, "drill.pem"));
  chmodSync(key, mode);
  expect(() => loadSigner({ ...env, BLACKSTART_SIGNING_KEY: key })).toThrow(/others can use it/);
});

const pem = (key: ReturnType<typeof generateKeyPairSync>["privateKey"]): string =>
  key.export({ format: "pem", type: "pkcs8" }).toString();

test.each<[string, () => string]>([
  ["a P-384 key", () => pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey)],
  ["an RSA key", () => pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey)],
  [
    "a key with a passphrase",
    () =>
      generateKeyPairSync("ec", { namedCurve: "P-256" })
        .privateKey.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "secret" })
        .toString(),
  ],
  ["some text", () => "s3cr3t"],
])("%s is not used, and nothing of it is shown", (_what, text) => {
  const key = join(dir, "other.pem");
  writeFileSync(key, text(), { mode: 0o600 });
  const load = (): unknown => loadSigner({ ...env, BLACKSTART_SIGNING_KEY: key });
  expect(load).toThrow(/is not a P-256 private key in PEM without a passphrase/);
  expect(load).not.toThrow(/s3cr3t/);
});

test("a missing key is named", () => {
  expect(() => loadSigner({ ...env, BLACKSTART_SIGNING_KEY: join(dir, "none.pem") })).toThrow(
    /cannot be read \(ENOENT\)/,
  );
});

const execEnv = (command: string): Env => {
  const made = keygen(join(dir, "kms.pem"));
  return { ...env, KEY: made.key, BLACKSTART_SIGNER: command, BLACKSTART_SIGNER_PUBLIC_KEY: made.publicKey };
};

test("any command can sign: the message on stdin, the DER signature on stdout", async () => {
  const { signer } = loadSigner(execEnv('openssl dgst -sha256 -sign "$KEY"'));
  expect(signer.role).toBe("attested");
  expect(await verifies(signer)).toBe(true);
});

test.each([
  [
    "signs with another key",
    'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 > "$KEY.2"; openssl dgst -sha256 -sign "$KEY.2"',
    /no signature by the key/,
  ],
  ["says nothing", "true", /answered 0 bytes/],
  ["does not read its input and fails", "echo token expired >&2; exit 3", /failed with 3: token expired/],
  ["speaks for ever", "yes", /failed with ERR_CHILD_PROCESS_STDIO_MAXBUFFER/],
])("a command that %s is refused", async (_what, command, said) => {
  const { signer } = loadSigner(execEnv(command));
  await expect(signer.sign(message)).rejects.toMatchObject({
    message: expect.stringMatching(said) as string,
    exitCode: EXIT.notReady,
  });
});

test("the command line itself is never quoted: it may hold a secret", async () => {
  const { signer } = loadSigner(execEnv("exit 4 # s3cr3t"));
  await expect(signer.sign(message)).rejects.not.toThrow(/s3cr3t/);
});

test("a command needs its public key, and excludes a key file", () => {
  expect(() => loadSigner({ ...env, BLACKSTART_SIGNER: "true" })).toThrow(/BLACKSTART_SIGNER_PUBLIC_KEY/);
  expect(() => loadSigner({ ...env, BLACKSTART_SIGNER: "true", BLACKSTART_SIGNING_KEY: "x" })).toThrow(/both set/);
  const publicKey = join(dir, "nonsense.pem");
  writeFileSync(publicKey, "nonsense");
  expect(() => loadSigner({ ...env, BLACKSTART_SIGNER: "true", BLACKSTART_SIGNER_PUBLIC_KEY: publicKey })).toThrow(
    /not a P-256 public key/,
  );
});

test("the ledger's key is made once, for its owner only", () => {
  expect(ledgerKey(env).equals(ledgerKey(env))).toBe(true);
  expect(statSync(join(dir, "config/ledger.pem")).mode & 0o777).toBe(0o600);
});

test("a public key is read from PEM and from DER, and a private key is not one", () => {
  const made = keygen(join(dir, "drill.pem"));
  const key = parsePublicKey(readFileSync(made.publicKey));
  expect(key?.asymmetricKeyType).toBe("ec");
  expect(parsePublicKey(key!.export({ format: "der", type: "spki" }))?.equals(key!)).toBe(true);
  expect(parsePublicKey(readFileSync(made.key))).toBeNull();
});
