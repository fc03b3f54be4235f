/** verify.sh and what people outside of the drill have said of it: time-stamp authorities, and those who signed it off. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PACK } from "./pack-files.ts";
import { signOff, signoffDirOf } from "./signoff.ts";
import { edit, makeAttestedPack, makePack, testBed, type TestBed } from "./testing.ts";
import { type Authority, makeAuthority } from "./testing-authority.ts";

const RUN = "run-1";
const SCRIPT = join(import.meta.dirname, "verify.sh");
let bed: TestBed;
let good: Authority;
let other: Authority;
/** The reports of this test; a copy of them is each test's own. */
let original: string;
let reports: string;
let dir: string;
let key: string;

beforeAll(async () => {
  bed = testBed();
  [good, other] = [makeAuthority(bed.root, "good"), makeAuthority(bed.root, "other")];
  await makeAttestedPack(bed, { run: RUN, stamper: good });
  key = join(bed.root, "drill.pub.pem");
  original = bed.reports;
  reports = join(bed.root, "copy");
  dir = join(reports, RUN);
});
afterAll(() => bed.remove());
beforeEach(() => {
  rmSync(reports, { recursive: true, force: true });
  cpSync(original, reports, { recursive: true });
});

interface Said {
  readonly status: number | null;
  readonly said: string;
}
function script(args: readonly string[], path = process.env["PATH"]): Said {
  const { status, stdout, stderr } = spawnSync("/bin/sh", [SCRIPT, ...args], { encoding: "utf8", env: { PATH: path } });
  return { status, said: stdout + stderr };
}
/** What the script refused with. */
const refusalOf = ({ status, said }: Said): string =>
  status === 5 && !said.includes("VERIFIED") ? /^REFUSED: (.*)$/m.exec(said)![1]! : `none; exit ${status}`;

describe("time stamps", () => {
  const stamped = (pack = dir, authority = good): Said =>
    script(["--tsa-certificate", authority.certificate, key, "development", pack]);
  /** Signs nothing anew: puts the token of other bytes, or none, or several, into a bundle. */
  const tokens = (file: string, change: (tokens: { signedTimestamp: string }[]) => unknown): void =>
    edit(dir, file, (text) => {
      const bundle = JSON.parse(text) as {
        verificationMaterial: { timestampVerificationData: { rfc3161Timestamps: unknown } };
      };
      const data = bundle.verificationMaterial.timestampVerificationData;
      data.rfc3161Timestamps = change(data.rfc3161Timestamps as { signedTimestamp: string }[]);
      return JSON.stringify(bundle);
    });
  const tokenOf = (file: string): string =>
    /"signedTimestamp":"([^"]+)"/.exec(readFileSync(join(dir, file), "utf8"))![1]!;

  test("of intent and report hold under the authority's root, and are told", () => {
    const { status, said } = stamped();
    expect(said).toMatch(/^intent stamped \d{4}-\S+Z, report \d{4}-\S+Z$/m);
    expect(said).toContain("class attested");
    expect(status).toBe(0);
  });

  test("are what attested evidence rests on: without a certificate it is refused", () => {
    expect(refusalOf(script([key, "attested", dir]))).toContain("attested evidence rests on a time stamp");
  });

  test("of a development pack are said not to be checked where no certificate is given, and missed where one is", async () => {
    const lab = testBed();
    const pack = await makePack(lab);
    const labKey = join(lab.root, "config/development.pub.pem");
    const { status, said } = script([labKey, "development", pack]);
    expect(said).toContain("not checked: time stamps");
    expect(status).toBe(0);
    expect(refusalOf(script(["--tsa-certificate", good.certificate, labKey, "development", pack]))).toContain(
      "the intent has no time stamp",
    );
    lab.remove();
  });

  test("where only the report has none, that is told", async () => {
    let asked = 0;
    const once = {
      ...good,
      stamp: (bytes: Uint8Array) => (asked++ === 0 ? good.stamp(bytes) : Promise.reject(new Error("gone"))),
    };
    const lab = testBed();
    const pack = await makePack(lab, { stamper: once });
    const labKey = join(lab.root, "config/development.pub.pem");
    const { status, said } = script(["--tsa-certificate", good.certificate, labKey, "development", pack]);
    expect(said).toMatch(/^intent stamped \S+Z, report not at all$/m);
    expect(status).toBe(0);
    lab.remove();
  });

  test.each<[string, () => Said, string]>([
    [
      "another authority",
      () => stamped(dir, other),
      "the time stamp of intent.sigstore.json is not one of its signature",
    ],
    [
      "the report's token in the intent",
      () => (tokens(PACK.intent, () => [{ signedTimestamp: tokenOf(PACK.report) }]), stamped()),
      "the time stamp of intent.sigstore.json is not one of its signature",
    ],
    [
      "the intent's token in the report",
      () => (tokens(PACK.report, () => [{ signedTimestamp: tokenOf(PACK.intent) }]), stamped()),
      "the time stamp of report.sigstore.json is not one of its signature",
    ],
    [
      "a token that is none",
      () => (tokens(PACK.report, () => [{ signedTimestamp: "AAAA" }]), stamped()),
      "the time stamp of report.sigstore.json says no time",
    ],
    [
      "two tokens",
      () => (tokens(PACK.report, (all) => [...all, ...all]), stamped()),
      "report.sigstore.json has more than one time stamp",
    ],
    ["no token in the intent", () => (tokens(PACK.intent, () => []), stamped()), "the intent has no time stamp"],
    [
      "a certificate out of the pack",
      () => {
        copyFileSync(good.certificate, join(dir, "root.pem"));
        return script(["--tsa-certificate", join(dir, "root.pem"), key, "development", dir]);
      },
      "root.pem lies in the pack",
    ],
    [
      "a certificate that is not there",
      () => script(["--tsa-certificate", "none", key]),
      "the certificate none is not a file",
    ],
    ["no certificate after all", () => script(["--tsa-certificate"]), "the certificate  is not a file"],
    ["an option that is none", () => script(["--tsa", good.certificate, key]), "there is no option --tsa"],
  ])("refuses %s", (_what, prepare, words) => expect(refusalOf(prepare())).toContain(words));
});

describe("sign-offs", () => {
  const person = (name: string): string => {
    const file = join(bed.root, name);
    rmSync(file, { force: true });
    rmSync(`${file}.pub`, { force: true });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
    return file;
  };
  const allowing = (...keys: string[]): string => {
    const lines = keys.map(
      (file) =>
        `${file.split("/").at(-1)}@example.test namespaces="drill-signoff" ${readFileSync(`${file}.pub`, "utf8")}`,
    );
    writeFileSync(join(bed.root, "allowed_signers"), lines.join(""));
    return join(bed.root, "allowed_signers");
  };
  const stamps = (): string[] => ["--tsa-certificate", good.certificate, key, "attested", dir];
  const demanding = (allowed: string): string[] => ["--allowed-signers", allowed, ...stamps()];

  test("by those who are allowed hold, and are told", async () => {
    const [alice, bob] = [person("alice"), person("bob")];
    for (const who of [alice, bob]) await signOff(dir, RUN, who);
    const { status, said } = script(demanding(allowing(alice, bob)));
    expect(said).toMatch(
      /^signed off by (alice@example.test, bob@example.test|bob@example.test, alice@example.test)$/m,
    );
    expect(status).toBe(0);
  });

  test("that nobody asked for are said not to be checked", () => {
    const { status, said } = script(stamps());
    expect(said).toContain("not checked: sign-offs");
    expect(status).toBe(0);
  });

  test("are refused where nobody has signed, one is not allowed, or one is of another report", async () => {
    const [alice, mallory] = [person("alice"), person("mallory")];
    expect(refusalOf(script(demanding(allowing(alice))))).toContain("nobody has signed it off");
    const file = await signOff(dir, RUN, alice);
    await signOff(dir, RUN, mallory);
    expect(refusalOf(script(demanding(allowing(alice))))).toContain("the sign-off ");
    rmSync(signoffDirOf(reports, RUN), { recursive: true });
    await signOff(dir, RUN, alice);
    edit(dir, PACK.report, (text) => `${text} `);
    expect(refusalOf(script(demanding(allowing(alice))))).toContain(
      `the sign-off ${file.split("/").at(-1)} of alice@example.test does not hold`,
    );
  });

  test("for another purpose do not count", () => {
    const alice = person("alice");
    const bundle = join(bed.root, "bundle");
    copyFileSync(join(dir, PACK.report), bundle);
    rmSync(`${bundle}.sig`, { force: true });
    execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", "git", "-f", alice, bundle], { stdio: "pipe" });
    mkdirSync(signoffDirOf(reports, RUN), { recursive: true });
    copyFileSync(`${bundle}.sig`, join(signoffDirOf(reports, RUN), "0.sig"));
    expect(refusalOf(script(demanding(allowing(alice))))).toContain("the sign-off 0.sig");
  });

  test("are not taken as checked where ssh-keygen is missing", async () => {
    const alice = person("alice");
    await signOff(dir, RUN, alice);
    const tools = join(bed.root, "tools");
    mkdirSync(tools);
    for (const tool of "openssl jq sha256sum base64 realpath comm sort mktemp date rm dirname basename sed wc cat uniq tr cut".split(
      " ",
    ))
      symlinkSync(execFileSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim(), join(tools, tool));
    expect(script(stamps(), tools).status).toBe(0);
    expect(refusalOf(script(demanding(allowing(alice)), tools))).toContain("ssh-keygen is not installed");
  });
});
