/**
 * Rules from what was measured of each product (drills with acknowledged writes, key and hash recorded outside), and from their
 * documentation: MinIO's MINIO_FS_OSYNC and erasure quorums, Ceph's BlueStore (a write is acknowledged when its log is synced).
 */
import type { NodeFacts } from "../../history.ts";
import { factsBeforeFault, type Reasons, type StoreRules } from "./reasons.ts";

export const judgeS3: StoreRules = ({ history, store, served, after }, reasons) => {
  const looks = factsBeforeFault(history, store, served);
  if (looks.length === 0) return void reasons.permits.push(`the settings of ${served} at the fault are not recorded`);
  for (const look of looks) {
    judgeSync(look, reasons);
    if (served !== after) judgeReplication(look, after, reasons);
  }
};

/** Whether an acknowledged write is on the disks themselves. */
function judgeSync({ node, values }: NodeFacts, { holds, permits }: Reasons): void {
  const sync = values["sync"];
  if (sync === undefined) permits.push(`whether ${node} syncs what it acknowledges is not recorded`);
  else if (sync === "always" || sync.endsWith("=on")) holds.push(`${node} syncs what it acknowledges (${sync})`);
  else if (sync === "never")
    permits.push(
      `${node} never syncs what it acknowledges: a power cut may take it, and writes of one key at once too`,
    );
  else permits.push(`${sync} on ${node}: a power cut may take the last acknowledged write`);
}

/** Another site serves now: it has what was acknowledged only if every acknowledgement waited for it. */
function judgeReplication({ node, values }: NodeFacts, after: string, { permits }: Reasons): void {
  const replication = values["replication"] ?? "none";
  if (replication === "none") permits.push(`${node} does not replicate to ${after}`);
  else if (replication.startsWith("async"))
    permits.push(`replication from ${node} is asynchronous: nothing waits for ${after}`);
  else permits.push(`replication from ${node} is called synchronous and acknowledges without ${after} when it is away`);
}
