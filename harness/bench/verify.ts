import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { packFiles } from "../evidence/files.ts";
import { PREDICATE_TYPES } from "../evidence/statement.ts";
import { makePack, type TestBed, testBed } from "../evidence/testing.ts";
import { type Figure, timed } from "./figure.ts";

const ROUNDS = 7;
const BALLAST_FILES = 4;
const BALLAST_BYTES = 64 * 1024 ** 2;
const BLACKSTART = path.join(import.meta.dirname, "../../blackstart");

/** Every way to verify a large pack against sha256sum of the same files: whole programs, in turn, on a warm disk cache. */
export async function verifyPace(): Promise<Figure[]> {
  const bed = testBed();
  try {
    const dir = await makePack(bed, {
      beforeSeal(pack) {
        for (let n = 0; n < BALLAST_FILES; n++)
          writeFileSync(path.join(pack, "raw", `ballast-${n}`), randomBytes(BALLAST_BYTES));
      },
    });
    const sums = (): void => must("sh", ["-c", 'find "$1" -type f -exec sha256sum {} +', "sh", dir]);
    sums(); // warms the cache for all
    const figures = waysTo(bed, dir).map(({ name, act }) => ({
      act,
      what: `${name} of a pack of ${(BALLAST_FILES * BALLAST_BYTES) / 1024 ** 2} MiB`,
      unit: "ms",
      baseline: "sha256sum of its files",
      values: [] as number[],
      against: [] as number[],
      wanted: "told, no bound",
    }));
    for (let round = 0; round < ROUNDS; round++)
      for (const { act, values, against } of figures) {
        against.push(await timed(sums));
        values.push(await timed(act));
      }
    return figures.map(({ act: _act, ...figure }) => figure);
  } finally {
    bed.remove();
  }
}

interface Way {
  readonly name: string;
  readonly act: () => void;
}

/** The command, the pack's own script, and cosign where it is installed, which looks at one file a call. */
function waysTo({ root }: TestBed, dir: string): Way[] {
  const key = path.join(root, "config/development.pub.pem");
  const ways: Way[] = [
    { name: "blackstart verify", act: () => must(BLACKSTART, ["verify", dir, "--public-key", key]) },
    { name: "verify.sh", act: () => must(path.join(dir, "verify.sh"), [key]) },
  ];
  if (spawnSync("cosign", ["version"]).error) {
    console.error("cosign is not on PATH and is not measured");
    return ways;
  }
  const trust = path.join(root, "empty-root.json");
  writeFileSync(trust, '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}');
  const bundle = path.join(dir, "report.sigstore.json");
  const given = ["--key", key, "--bundle", bundle, "--trusted-root", trust, "--insecure-ignore-tlog"];
  const signed = packFiles(dir).files.filter((file) => !file.startsWith("ledger/") && file !== "report.sigstore.json");
  const act = (): void => {
    for (const file of signed)
      must("cosign", [
        "verify-blob-attestation",
        ...given,
        "--type",
        PREDICATE_TYPES.report.development,
        path.join(dir, file),
      ]);
  };
  return [...ways, { name: `cosign, ${signed.length} calls,`, act }];
}

function must(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${path.basename(program)} ended with ${status}: ${error?.message ?? stderr}`);
}
