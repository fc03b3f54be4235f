/** Whether a bucket has all that it must have of the packs here, and no more runs than the ledger. */
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import type { WormBucket } from "../worm.ts";
import { exists, packFiles, sha256File } from "./files.ts";
import { INTENT, lookUp, packReceiptOf, readReceipt, REPORT, type StoredFile } from "./worm.ts";

/**
 * Everything that must be in the bucket, looked up: the intent of each pack that names it, and every file of those that are sealed.
 * And runs that are on one side alone: in the bucket and not in the ledger (it was cut or replaced), or gone here. `runs` are those
 * of a ledger that verifies; a bucket belongs to one ledger.
 */
export async function checkBucket(
  reportsDir: string,
  runs: readonly string[],
  bucket: WormBucket,
): Promise<{ looked: number; problems: string[] }> {
  const keys = new Set<string>();
  for await (const { key } of bucket.list()) keys.add(key);
  const known = new Set(runs);
  const problems = [...keys]
    .filter((key) => key.endsWith(`/${INTENT}`))
    .map((key) => key.slice(0, -INTENT.length - 1))
    .filter((run) => !known.has(run))
    .map((run) => `${run} is in the bucket and not in the run ledger`);
  let looked = 0;
  for (const run of runs) {
    const wanted = wantedOf(reportsDir, run, bucket.name, keys);
    problems.push(...wanted.problems);
    for (const file of wanted.files) {
      looked++;
      await lookUp(bucket, file).catch((thrown: unknown) => problems.push(messageOf(thrown)));
    }
  }
  return { looked, problems };
}

/** What a bucket must have of a run, by the pack and the receipts; and what these lack of it. */
function wantedOf(
  reportsDir: string,
  run: string,
  bucket: string,
  keys: ReadonlySet<string>,
): { readonly files: StoredFile[]; readonly problems: string[] } {
  const dir = join(reportsDir, run);
  const intent = readReceipt(dir);
  const gone = (what: string): string[] => [`${run} is in the bucket, and ${what} gone here`];
  if (intent === null)
    return { files: [], problems: keys.has(`${run}/${INTENT}`) ? gone("its pack or its receipt is") : [] };
  if (intent.bucket !== bucket) return { files: [], problems: [] }; // that one is looked into by itself
  if (!exists(join(dir, REPORT)))
    // it ended without a report, or had one that somebody did not like
    return { files: [intent], problems: keys.has(`${run}/${REPORT}`) ? gone("its report is") : [] };
  const put = new Map(packReceiptOf(reportsDir, run)?.files.map((file) => [file.key, file]));
  const names = packFiles(dir).files;
  const files = names.flatMap((name) => put.get(`${run}/${name}`) ?? []);
  const missing = names.length - files.length;
  const changed = names.filter((name) => {
    const file = put.get(`${run}/${name}`);
    return file !== undefined && file.sha256 !== sha256File(join(dir, name), name);
  });
  return {
    // Nobody signs the receipt of a pack; until when the intent is kept stands in the pack itself.
    files: [intent, ...files.map((file) => ({ ...file, until: intent.until }))],
    problems: [
      ...(missing > 0
        ? [`${missing} of ${names.length} files of ${run} were never put there: blackstart worm upload ${run}`]
        : []),
      ...changed.map((name) => `${run}/${name} is not what was put there`),
    ],
  };
}
