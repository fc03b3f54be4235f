import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { makePack, testBed } from "../evidence/testing.ts";
import { verifyPack } from "../evidence/verify.ts";
import { type Figure, timed } from "./figure.ts";

const ROUNDS = 7;
const BALLAST_FILES = 4;
const BALLAST_BYTES = 64 * 1024 ** 2;

/** `verify` of a large pack against sha256sum of the same files, both on a warm disk cache. */
export async function verifyPace(): Promise<Figure[]> {
  const bed = testBed();
  try {
    const dir = await makePack(bed, {
      beforeSeal(pack) {
        for (let n = 0; n < BALLAST_FILES; n++)
          writeFileSync(path.join(pack, "raw", `ballast-${n}`), randomBytes(BALLAST_BYTES));
      },
    });
    const sums = () => spawnSync("sh", ["-c", 'find "$1" -type f -exec sha256sum {} +', "sh", dir], { maxBuffer: 1e8 });
    sums(); // warms the cache for both
    const [values, against]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      against.push(await timed(sums));
      values.push(
        await timed(async () => {
          const { ok } = await verifyPack(dir, { publicKeys: [bed.signer.fingerprint] });
          if (!ok) throw new Error("the pack of the bench does not verify");
        }),
      );
    }
    return [
      {
        what: `verify of a pack of ${(BALLAST_FILES * BALLAST_BYTES) / 1024 ** 2} MiB`,
        unit: "ms",
        baseline: "sha256sum of its files",
        values,
        against,
        wanted: "told, no bound",
      },
    ];
  } finally {
    bed.remove();
  }
}
