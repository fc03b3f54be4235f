/** Whether the risk acceptances in a pack were there before its drill began, and whose they are. */
import type { Acceptor } from "../accepted-risk.ts";
import { messageOf } from "../errors.ts";
import { counted, visible } from "../text.ts";
import type { Found } from "./checks.ts";
import { readIntent } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { ACCEPTANCES, acceptanceFilesOf, acceptancesIn, acceptedRisksOf, RISK_NAMESPACE } from "./risk-acceptance.ts";
import { isBySigner, sshSignerOf } from "./ssh-signature.ts";
import { digestOf, type OpenedIntent, readReportJson, same } from "./verify-checks.ts";

/**
 * The acceptances are those that the intent names, and the report repeats what they say. Whether each was signed by somebody who may
 * and who did not run the drill is for a verifier who says who may; without that it is not checked.
 */
export async function checkAcceptances(
  dir: string,
  { statement }: OpenedIntent,
  allowedSigners: string | undefined,
): Promise<Found<true>> {
  const { predicate, subjects } = statement;
  const files = acceptanceFilesOf(dir);
  const named = [...subjects].filter(([name]) => name.startsWith(`${ACCEPTANCES}/`));
  same(
    ["the risk acceptances in the pack and those that the intent names", files, named.map(([name]) => name).toSorted()],
    ...named.map(([name, digest]) => [name, digestOf(dir, name), digest] as const),
    [
      "the accepted risks in report and pack",
      readReportJson(dir).acceptances,
      acceptedRisksOf(dir, predicate).acceptances,
    ],
  );
  if (files.length === 0)
    return { value: true, detail: "none: the drill began without any, and the report names none" };
  const at = new Date(predicate.signedAt);
  const acceptors = allowedSigners === undefined ? null : await acceptorsOf(dir, allowedSigners, at);
  const there = counted(files.length / 2, "risk acceptance");
  if (acceptors === null)
    return {
      value: true,
      outcome: "not-checked",
      detail: `${there}, as the intent names them; whose is not known without a file of allowed signers`,
    };
  const refused = acceptors.flatMap((one) =>
    one.refused === undefined ? [] : [`the acceptance ${one.id} ${one.refused}`],
  );
  if (refused.length > 0) throw refusal(refused.join("; "));
  return {
    value: true,
    detail: `${there}: ${acceptors.map(({ id, principal }) => `${id} by ${principal}`).join(", ")}`,
  };
}

/** Who signed each acceptance in a pack, of those whom the file allows at a time; the key that signed the drill is none of them. */
export async function acceptorsOf(dir: string, allowedSigners: string, at = new Date()): Promise<Acceptor[]> {
  const { signer } = readIntent(dir).predicate;
  const drill = { spki: Buffer.from(signer.publicKey, "base64") };
  const acceptors: Acceptor[] = [];
  for (const { acceptance, bytes, signature } of acceptancesIn(dir)) {
    const { id } = acceptance;
    try {
      const of = { namespace: RISK_NAMESPACE, what: "its signature", allowedSigners, at } as const;
      const principal = visible(await sshSignerOf(bytes, signature, of));
      acceptors.push(
        isBySigner(signature, drill)
          ? { id, refused: "is signed with the key that signed the drill" }
          : { id, principal },
      );
    } catch (thrown) {
      acceptors.push({ id, refused: `does not count: ${messageOf(thrown)}` });
    }
  }
  return acceptors;
}
