import type { ComponentKind } from "../../component.ts";
import { config, problems, type S3Config } from "./config.ts";
import type { Capability } from "./provider.ts";
import { choicesOf, providerOf } from "./providers.ts";

/** Of what the product can do, that which this config turns on. */
function capabilities(value: S3Config): Capability[] {
  const { layout, versioning, lock, replication, tls } = value;
  const asked: Partial<Record<Capability, boolean>> = {
    drives: layout.drives > 1 || layout.nodes > 1,
    quorum: layout.nodes > 1,
    versioning,
    lock: lock !== undefined,
    replication: replication !== undefined,
    tls,
  };
  return providerOf(value).can.filter((word) => asked[word] ?? true);
}

const kind: ComponentKind<S3Config> = {
  kind: "s3",
  summary: "An S3 store: MinIO, Ceph or VersityGW, with drives, nodes or sites, versions and Object Lock",
  config,
  nodes: (value) => providerOf(value).nodes(value),
  choices: choicesOf,
  capabilities,
  problems: (value) => [...problems(value), ...(value.provider ? providerOf(value).problems(value) : [])],
  triggers: [],
  checks: ["no-lost-writes", "membership", "tamper-refused"],
  workloads: ["ledger", "orders", "service"],
  offers: "objects",
  recoveries: ["wait", "start", "exec", "reconcile", "repoint", "replace-drive", "scrub", "restore-versions"],
  settings: {
    product: "which store it is, and its version",
    sync: "off: a power cut may take what was acknowledged last",
    write_quorum: "how many drives have an acknowledged write",
    versioning: "off: a deletion is final",
    object_lock: "what may be deleted before its time, and by whom",
    replication: "whether another site has what was acknowledged",
  },
  load: () => import("./boot.ts"),
};

export const s3 = kind as unknown as ComponentKind;
