/** When a drill was signed, by the word of somebody outside of its host. */
import type { EvidenceClass } from "../report.ts";
import { messageOf } from "../errors.ts";
import { PACK } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { timeOf } from "./timestamp.ts";
import type { Opened, OpenedIntent } from "./verify-checks.ts";
import { CLOCKS_MS } from "./worm-probe.ts";

/**
 * The tokens are over the signatures of intent and report, by an authority that the verifier knows, and lie in the order of the
 * drill. An attested pack rests on them, or on what a WORM bucket was seen to have taken (`putMs`, by the store's clock); of another
 * one it is only said that nobody looked.
 */
export async function checkTime(
  report: Opened,
  intent: OpenedIntent,
  evidence: EvidenceClass,
  certificates: readonly string[],
  putMs: number | null,
): Promise<{ readonly detail: string; readonly provenMs: number | null }> {
  const { timestamp } = intent.signed;
  const unstamped = (detail: string) => ({
    detail: putMs === null ? detail : `${detail}; a WORM bucket took the intent ${new Date(putMs).toISOString()}`,
    provenMs: putMs,
  });
  const rests = evidence === "attested" && putMs === null;
  if (timestamp === null) {
    if (report.signed.timestamp !== null) throw refusal("the report has a time stamp and the intent has none");
    if (rests && intent.statement.predicate.worm !== null)
      throw refusal("attested evidence rests on the WORM bucket, and nobody looked into it (--worm)");
    return unstamped("no time stamp: when it was signed is the word of the one who signed");
  }
  if (certificates.length === 0) {
    if (rests) throw refusal("attested evidence rests on a time stamp, and no certificate of an authority was given");
    return unstamped("there is a time stamp, and no certificate of an authority was given to check it with");
  }
  const began = await stampedBy(timestamp, intent, certificates, PACK.intent);
  const claimedMs = Date.parse(intent.statement.predicate.signedAt);
  if (Math.abs(began.getTime() - claimedMs) > CLOCKS_MS)
    throw refusal(
      `the intent says that it was signed ${intent.statement.predicate.signedAt}, its time stamp ${began.toISOString()}`,
    );
  const provenMs = began.getTime();
  if (report.signed.timestamp === null)
    return { detail: `intent stamped ${began.toISOString()}; the report has no time stamp`, provenMs };
  const ended = await stampedBy(report.signed.timestamp, report, certificates, PACK.report);
  if (ended < began)
    throw refusal(`the report was stamped ${ended.toISOString()}, before its intent, ${began.toISOString()}`);
  return { detail: `intent stamped ${began.toISOString()}, report ${ended.toISOString()}`, provenMs };
}

async function stampedBy(
  token: Buffer,
  { signed }: Opened,
  certificates: readonly string[],
  what: string,
): Promise<Date> {
  const refused: string[] = [];
  for (const certificate of certificates) {
    try {
      return await timeOf(token, signed.signature, certificate);
    } catch (thrown) {
      refused.push(messageOf(thrown));
    }
  }
  throw refusal(`the time stamp of ${what} does not hold: ${[...new Set(refused)].join("; ")}`);
}
