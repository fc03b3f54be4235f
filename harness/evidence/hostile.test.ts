/** Every kind of file that `verify` reads, as somebody would hand it over who wants it to hang, to crash or to be wrong. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { evaluatorDigest } from "./evaluator.ts";
import { PACK } from "./pack-files.ts";
import { keepSelftest } from "./selftest.ts";
import { analyzeSynthetic, makePack, testBed, type TestBed } from "./testing.ts";
import { fakeBucket, keepProbeOf } from "./testing-worm.ts";
import { type Verification, verifyPack } from "./verify.ts";

const RUN = "run-1";
const NESTED_BYTES = 40_000_000;
const MOST_CPU_MS = 5_000;
const MOST_KIB = 600 * 1024;

let bed: TestBed;
let original: string;
let dir: string;
/** Made once and linked, for they are large: brackets without end, with and without a newline, and a hole of 10 GiB. */
const large = (name: "nested" | "nested-line" | "sparse"): string => join(bed.root, name);

beforeAll(async () => {
  bed = testBed();
  await makePack(bed, {
    run: RUN,
    lost: 1,
    vault: { bucket: fakeBucket(), retentionDays: 400 },
    beforeIntent: addStatements,
  });
  original = join(bed.root, "original");
  renameSync(bed.reports, original);
  dir = join(bed.reports, RUN);
  writeFileSync(large("nested"), Buffer.alloc(NESTED_BYTES, "["));
  writeFileSync(large("nested-line"), Buffer.concat([Buffer.alloc(NESTED_BYTES, "["), Buffer.from("\n")]));
  writeFileSync(large("sparse"), "");
  truncateSync(large("sparse"), 10 * 2 ** 30);
});
afterAll(() => bed.remove());
beforeEach(() => {
  rmSync(bed.reports, { recursive: true, force: true });
  cpSync(original, bed.reports, { recursive: true });
});

async function addStatements(pack: string): Promise<void> {
  const control = { checker: "balances", control: "one too much", expected: "fail: 1", got: "fail: 1", ok: true };
  const facts = { blackstart: "0.1.0", when: "2026-11-23T09:00:00.000Z", real: [], notRun: [] };
  const host = { evaluatorSha256: evaluatorDigest(), dirty: true, clockSynchronised: null, preload: null };
  const kept = await keepSelftest(bed.reports, { ...facts, ...host, controls: [control] }, bed.signer);
  copyFileSync(kept.file, join(pack, PACK.selftest));
  copyFileSync((await keepProbeOf(bed)).file, join(pack, PACK.wormProbe));
}

const verified = (): Promise<Verification> =>
  verifyPack(dir, { publicKeys: [bed.signer.fingerprint], recompute: analyzeSynthetic, ledgerDir: bed.reports });

/** What was said of the pack; throws where it was taken for good, or where a sentence is not one for people. */
function refusalOf({ ok, checks }: Pick<Verification, "ok" | "checks">): string[] {
  if (ok) throw new Error("the pack was taken for good");
  for (const { detail } of checks)
    if (detail === "" || detail.length > 2_000 || /\n|TypeError|RangeError|Cannot read| at .*:\d+:\d+/.test(detail))
      throw new Error(`this is no refusal in plain words: ${detail}`);
  return checks.filter(({ outcome }) => outcome === "fail").map(({ name }) => name);
}

const written = (content: string | Buffer) => (path: string) => writeFileSync(path, content);
const linked = (name: Parameters<typeof large>[0]) => (path: string) => linkSync(large(name), path);
/** Each puts something in the place of a file, which is gone by then. */
const damages: Readonly<Record<string, (path: string, before: Buffer) => void>> = {
  empty: written(""),
  "cut in half": (path, before) => writeFileSync(path, before.subarray(0, before.length >> 1)),
  "40 MB of brackets": linked("nested"),
  "40 MB of brackets and a newline": linked("nested-line"),
  "10 GiB of nothing": linked("sparse"),
  ...Object.fromEntries(["null", "true", "7", '"x"', "[]", "{}"].map((json) => [json, written(`${json}\n`)])),
  "a folder": (path) => mkdirSync(path),
  "a pipe": (path) => execFileSync("mkfifo", [path]),
  "a link to the same bytes": (path, before) => {
    writeFileSync(join(bed.root, "elsewhere"), before);
    symlinkSync(join(bed.root, "elsewhere"), path);
  },
  "a link to itself": (path) => symlinkSync(path, path),
  "no UTF-8": written(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d, 0x0a])),
  "UTF-8 cut inside a letter": written(Buffer.from('{"a":"ä').subarray(0, -1)),
};

const KINDS =
  "report intent selftest checkpoint proof journal reportJson plan policy scenario host images wormProbe wormReceipt"
    .split(" ")
    .map((kind) => PACK[kind as keyof typeof PACK]);

const replace = (file: string, damage: (path: string, before: Buffer) => void): void => {
  const path = join(dir, file);
  const before = readFileSync(path);
  rmSync(path);
  damage(path, before);
};

test("the pack verifies as long as nobody touches it", async () => {
  expect((await verified()).ok).toBe(true);
});

describe.each(KINDS)("%s", (file) => {
  test.each(Object.entries(damages))("that is %s is refused in plain words and in time", async (_what, damage) => {
    replace(file, damage);
    const start = process.threadCpuUsage(); // whatever else keeps the machine busy is no slowness of ours
    expect(refusalOf(await verified())).not.toEqual([]);
    const { user, system } = process.threadCpuUsage(start);
    expect((user + system) / 1_000).toBeLessThan(MOST_CPU_MS);
  });
});

test.each(["nested", "nested-line", "sparse"] as const)("every file at once, %s: refused in little memory", (name) => {
  for (const file of KINDS.filter((kind) => kind !== PACK.report)) replace(file, linked(name));
  const program = `
      import { verifyPack } from ${JSON.stringify(join(import.meta.dirname, "verify.ts"))};
      const { ok, checks } = await verifyPack(process.argv[1], { publicKeys: [process.argv[2]] });
      console.log(JSON.stringify({ ok, checks, mostKib: process.resourceUsage().maxRSS }));`;
  const node = ["--max-old-space-size=256", "--input-type=module", "--eval", program, dir, bed.signer.fingerprint];
  const { stdout, stderr } = spawnSync(process.execPath, node, { encoding: "utf8" });
  expect(stderr).toBe("");
  const said = JSON.parse(stdout) as Pick<Verification, "ok" | "checks"> & { mostKib: number };
  expect(refusalOf(said)).not.toEqual([]);
  expect(said.mostKib).toBeLessThan(MOST_KIB);
});
