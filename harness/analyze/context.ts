import { lstat, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Report } from "../report.ts";

/** What a report says of its own evidence. The drill writes it into the pack, so that it is the same whenever it is derived again. */
export type AnalysisContext = Partial<
  Pick<
    Report,
    | "class"
    | "classReasons"
    | "attempts"
    | "intent"
    | "keyFingerprint"
    | "witnesses"
    | "selftest"
    | "acceptances"
    | "pack"
  >
>;

const MAX_BYTES = 1024 ** 2;
const count = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Bounded by the size of the file. */
const names = z.array(z.string());

const contextFile = z.object({
  class: z.enum(["development", "attested"]).exactOptional(),
  classReasons: z.array(z.string()).max(1_000).exactOptional(),
  attempts: z
    .object({ number: count, windowDays: z.number().min(0), passed: count, failed: count, other: count })
    .exactOptional(),
  intent: z.object({ sha256: digest, ledgerIndex: count }).nullable().exactOptional(),
  keyFingerprint: z.string().max(1_000).nullable().exactOptional(),
  witnesses: z.array(z.string().max(1_000)).max(20).exactOptional(),
  selftest: z
    .object({
      sha256: digest,
      when: z.iso.datetime(),
      ageMinutes: count.nullable(),
      evaluatorSha256: digest,
      sameEvaluator: z.boolean(),
      ok: z.boolean(),
      planted: z.object({ count, failed: names }),
      real: z.object({
        count,
        failed: names,
        notRun: z.array(z.object({ control: z.string(), why: z.string().max(4_000) })),
      }),
    })
    .nullable()
    .exactOptional(),
  acceptances: z
    .array(
      z.object({
        id: z.string(),
        finding: z.string(),
        owner: z.string(),
        because: z.string(),
        from: z.iso.date(),
        until: z.iso.date(),
        state: z.enum(["in force", "expired", "not yet"]),
      }),
    )
    .exactOptional(),
  /** Where the drill put its pack, as it was told. */
  pack: z.string().max(4_096).exactOptional(),
});

/** raw/context.json; empty where there is none. One that cannot be used gives nothing but the lowest class. */
export async function readContext(dir: string): Promise<AnalysisContext> {
  const file = path.join(dir, "raw", "context.json");
  const found = await lstat(file).catch(() => null);
  if (!found) return {};
  try {
    if (!found.isFile() || found.size > MAX_BYTES) throw new Error("not a plain file of a bearable size");
    return contextFile.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return {
      class: "development",
      classReasons: ["raw/context.json cannot be used, so nothing is known of the evidence"],
    };
  }
}
