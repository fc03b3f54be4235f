import { z } from "zod";
import { consistencyProof, inclusionProof, leafHash, verifyConsistency, verifyInclusion } from "./merkle.ts";
import { parseEntry, type LedgerEntry } from "./ledger-entries.ts";
import type { Checkpoint } from "./note.ts";
import { refusal } from "./refusal.ts";

const hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(64);
const included = z.strictObject({
  index: z
    .int()
    .min(0)
    .max(2 ** 30),
  entry: z.string().max(10_000),
  proof: hashes,
});

/** ledger/proof.json: the two entries of a run as they stand in the ledger, and why they are under the checkpoint beside it. */
export const proofSchema = z.strictObject({
  intent: included,
  end: included,
  /** From the ledger as the signed intent found it (its `index` entries and their root) to the checkpoint. */
  consistency: hashes,
});
export type LedgerProof = z.output<typeof proofSchema>;

const hex = (proof: readonly Buffer[]): string[] => proof.map((hash) => hash.toString("hex"));
const bytes = (proof: readonly string[]): Buffer[] => proof.map((hash) => Buffer.from(hash, "hex"));

export function makeProof(lines: readonly string[], intent: number, end: number): LedgerProof {
  const leaves = lines.map(leafHash);
  const at = (index: number) => ({ index, entry: lines[index]!, proof: hex(inclusionProof(index, leaves)) });
  return { intent: at(intent), end: at(end), consistency: hex(consistencyProof(intent, leaves)) };
}

/** The two entries, once proven to be in the ledger that `head` signed, which still begins with what the intent saw. Else exit 5. */
export function verifyProof(
  proof: LedgerProof,
  head: Checkpoint,
  seen: { index: number; root: string },
): { intent: LedgerEntry; end: LedgerEntry } {
  for (const part of ["intent", "end"] as const) {
    const { index, entry, proof: path } = proof[part];
    if (!verifyInclusion(index, head.size, leafHash(entry), bytes(path), head.root))
      throw refusal(`ledger/proof.json does not prove that the ${part} is entry ${index} of the ledger`);
  }
  const seenRoot = Buffer.from(seen.root, "hex");
  if (!verifyConsistency(seen.index, head.size, seenRoot, head.root, bytes(proof.consistency)))
    throw refusal(
      `The ledger was rewritten: it no longer begins with the ${seen.index} entries that the intent has signed`,
    );
  return {
    intent: parseEntry(proof.intent.entry, "the intent's entry"),
    end: parseEntry(proof.end.entry, "the end's entry"),
  };
}
