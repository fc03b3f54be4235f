import { z } from "zod";
import { duration } from "../../scenario/units.ts";

/** The products that can stand behind the kind, in the order in which a scenario that names none gets them. */
export const PROVIDERS = ["minio", "ceph", "versitygw"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

export const config = z.strictObject({
  provider: z.enum(PROVIDERS).optional().meta({
    description: "The product; if left out, the first that can do what the steps need and whose image can be had",
  }),
  image: z.string().min(1).optional().meta({ description: "An image of your own of that provider; it needs sh" }),
  layout: z
    .strictObject({
      drives: z.int().min(1).max(16).default(1).meta({ description: "Drives of one machine" }),
      nodes: z.int().min(1).max(16).default(1).meta({ description: "Machines of one store, a drive each" }),
      sites: z.int().min(1).max(2).default(1).meta({ description: "Stores that stand for themselves" }),
    })
    .prefault({})
    .meta({ description: "On how much the store stands" }),
  sync: z.boolean().default(false).meta({
    description: "Whether every acknowledged write must be on the disk itself, however the product does that",
  }),
  tls: z.boolean().default(false).meta({
    description: "Whether the store speaks TLS alone, with a certificate by an authority made for the drill",
  }),
  versioning: z.boolean().default(false).meta({ description: "Whether the bucket keeps the versions of an object" }),
  lock: z
    .strictObject({
      mode: z.enum(["compliance", "governance", "legal-hold"]),
      retention: duration.optional().meta({ description: "How long each object may not be deleted, such as 1h" }),
    })
    .optional()
    .meta({ description: "Object Lock, on every object that is written" }),
  bucket: z
    .strictObject({
      existing: z
        .boolean()
        .default(false)
        .meta({ description: "Made as a plain bucket before its settings are applied" }),
    })
    .prefault({})
    .meta({ description: "The bucket that the workloads write to" }),
  replication: z
    .strictObject({
      mode: z.enum(["async", "sync"]).default("async"),
      deletes: z
        .boolean()
        .optional()
        .meta({ description: "Whether deletions are replicated too; if left out, as the product does by itself" }),
    })
    .optional()
    .meta({ description: "From the first site to the second" }),
});

export type S3Config = z.output<typeof config>;

export interface ConfigProblem {
  path: (string | number)[];
  message: string;
  hint?: string;
}

/** What no product can promise, whichever it is. */
export function problems({
  provider,
  image,
  layout,
  versioning,
  lock,
  bucket,
  replication,
}: S3Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const say = (path: string[], message: string, hint: string) => void found.push({ path, message, hint });
  if (image !== undefined && provider === undefined)
    say(["image"], "an image needs the provider that it is of", `add provider: ${PROVIDERS.join(", ")}`);
  if (layout.drives > 1 && layout.nodes > 1)
    say(
      ["layout", "nodes"],
      "drives and nodes are both more than one",
      "several nodes have a drive each: leave drives out",
    );
  if (lock && !versioning)
    say(["lock"], "an object can only be locked in a bucket with versions", "add versioning: true");
  if (lock && bucket.existing)
    say(["lock"], "a lock can only be given to a bucket when it is made", "leave bucket.existing out");
  if (lock?.mode === "legal-hold" && lock.retention !== undefined)
    say(["lock", "retention"], "a legal hold has no end", "leave retention out, or use compliance or governance");
  if (lock && lock.mode !== "legal-hold" && !lock.retention)
    say(["lock", "retention"], `${lock.mode} needs a retention above zero`, "add one, such as retention: 1h");
  if (replication && layout.sites < 2)
    say(["replication"], "there is one site, and nothing to replicate to", "add layout: { sites: 2 }");
  if (replication && !versioning)
    say(["replication"], "replication needs the versions of both buckets", "add versioning: true");
  return found;
}
