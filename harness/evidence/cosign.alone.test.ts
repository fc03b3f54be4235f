/** An independent verifier in a container without a network: cosign as Debian ships it, and verify.sh with the tools it names. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveImages } from "../engine/images.ts";
import { RUN_LABEL } from "../engine/labels.ts";
import { PREDICATE_TYPES } from "./statement.ts";
import { makePack, testBed, type TestBed } from "./testing.ts";

let bed: TestBed;
let image: string;
let tar: Buffer;
beforeAll(async () => {
  const images = await resolveImages(
    ["cosign"],
    (line) => process.stderr.write(`${line}\n`),
    new AbortController().signal,
  );
  image = images.get("cosign")!.reference;
  bed = testBed();
  await makePack(bed, { run: "pack" });
  const keys = join(bed.reports, "keys");
  mkdirSync(keys);
  copyFileSync(join(bed.root, "config/development.pub.pem"), join(keys, "drill.pub.pem"));
  writeFileSync(
    join(keys, "empty-root.json"),
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
  tar = spawnSync("tar", ["-C", bed.reports, "-c", "pack", "keys"], { maxBuffer: 64 * 2 ** 20 }).stdout;
});
afterAll(() => bed.remove());

/** Runs a script in the pack's folder in a container; the files go in through stdin, so that the engine may be anywhere. */
function inContainer(script: string): { status: number | null; said: string } {
  const shell = `set -e; mkdir /w; tar -x -C /w; cd /w/pack; ${script}`;
  const args = [
    "run",
    "--rm",
    "-i",
    "--network",
    "none",
    "--label",
    `${RUN_LABEL}=test-${randomUUID()}`,
    image,
    "sh",
    "-c",
    shell,
  ];
  const { status, stdout, stderr } = spawnSync("docker", args, { input: tar, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

const cosign = (file: string, key = "../keys/drill.pub.pem"): string =>
  `cosign verify-blob-attestation --key ${key} --bundle report.sigstore.json --trusted-root ../keys/empty-root.json` +
  ` --insecure-ignore-tlog --type ${PREDICATE_TYPES.report.development} ${file}`;

test.each(["views/report.json", "raw/operations.jsonl", "raw/scenario.yaml", "intent.sigstore.json", "VERIFY.md"])(
  "cosign verifies %s",
  (file) => {
    const { status, said } = inContainer(cosign(file));
    expect(said).toContain("Verified OK");
    expect(status).toBe(0);
  },
);

test("cosign refuses a file that was changed", () => {
  const { status, said } = inContainer(`echo >> views/report.json; ${cosign("views/report.json")}`);
  expect(said).toContain("does not match any digest in statement");
  expect(status).not.toBe(0);
});

test("cosign refuses another key", () => {
  const other =
    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout > /tmp/other.pem";
  const { status, said } = inContainer(`${other}; ${cosign("views/report.json", "/tmp/other.pem")}`);
  expect(said).toContain("could not verify envelope");
  expect(status).not.toBe(0);
});

test("cosign refuses a changed payload", () => {
  const change = `jq -c '.dsseEnvelope.payload |= (@base64d | sub("\\"verdict\\":\\"pass\\""; "\\"verdict\\":\\"fail\\"") | @base64)' report.sigstore.json > /tmp/b; cp /tmp/b report.sigstore.json`;
  const { status, said } = inContainer(`${change}; ${cosign("views/report.json")}`);
  expect(said).toContain("could not verify envelope");
  expect(status).not.toBe(0);
});

test("verify.sh needs nothing but Debian's openssl, jq and coreutils", () => {
  expect(inContainer("./verify.sh ../keys/drill.pub.pem")).toMatchObject({
    status: 0,
    said: expect.stringContaining("VERIFIED") as string,
  });
  expect(inContainer("./verify.sh ../keys/drill.pub.pem attested")).toMatchObject({ status: 5 });
});
