import { type Endpoint, LEDGER } from "../../client.ts";
import type { S3Config } from "../../config.ts";
import type { Credentials } from "../../provider.ts";
import { type Answer, askSigned } from "../../signed.ts";
import { sealed } from "./sealed.ts";

const ANSWER_MS = 20_000;
const HEALTH_CHECK_NS = 1_000_000_000;

export interface Replicating {
  /** The administration of the site that is written to. */
  readonly at: Endpoint;
  readonly credentials: Credentials;
  /** Address and port of the other site, as the first one sees it. */
  readonly to: string;
  readonly replication: NonNullable<S3Config["replication"]>;
}

/** The ledger's bucket to the bucket of the same name on another site. */
export async function replicateTo({ at, credentials, to, replication }: Replicating): Promise<void> {
  const target = {
    sourcebucket: LEDGER,
    endpoint: to,
    credentials: { accessKey: credentials.accessKeyId, secretKey: credentials.secretAccessKey },
    targetbucket: LEDGER,
    secure: at.caPem !== null,
    path: "on",
    api: "s3v4",
    type: "replication",
    replicationSync: replication.mode === "sync",
    healthCheckDuration: HEALTH_CHECK_NS,
  };
  const body = sealed(JSON.stringify(target), credentials.secretAccessKey);
  const arn = JSON.parse(
    await ask(
      askSigned(
        at,
        { method: "PUT", path: "/minio/admin/v3/set-remote-target", query: `bucket=${LEDGER}`, body },
        credentials,
        ANSWER_MS,
      ),
    ),
  ) as string;
  const rule = ruleOf(arn, replication.deletes ? "Enabled" : "Disabled");
  await ask(
    askSigned(at, { method: "PUT", path: `/${LEDGER}`, query: "replication=", body: rule }, credentials, ANSWER_MS),
  );
}

/** DeleteReplication, of permanent deletions, is the product's own and no part of S3: the SDK cannot say it. */
const ruleOf = (arn: string, deletes: "Enabled" | "Disabled"): string =>
  `<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Role>${arn}</Role><Rule><ID>all</ID>` +
  `<Status>Enabled</Status><Priority>1</Priority><DeleteMarkerReplication><Status>${deletes}</Status></DeleteMarkerReplication>` +
  `<DeleteReplication><Status>${deletes}</Status></DeleteReplication><Destination><Bucket>arn:aws:s3:::${LEDGER}</Bucket>` +
  `</Destination><Filter><Prefix></Prefix></Filter><ExistingObjectReplication><Status>Enabled</Status>` +
  `</ExistingObjectReplication></Rule></ReplicationConfiguration>`;

async function ask(asked: Promise<Answer>): Promise<string> {
  const { ok, status, text } = await asked;
  if (!ok) throw new Error(`replication was not set up, ${status}: ${text.slice(0, 300)}`);
  return text;
}
