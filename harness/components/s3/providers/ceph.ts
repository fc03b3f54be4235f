import type { NodeSpec } from "../../../component.ts";
import type { ConfigProblem, S3Config } from "../config.ts";
import type { Provider } from "../provider.ts";
import { clusters } from "./ceph-layout.ts";

const CODED = 4;

function problems({ layout, replication, tls }: S3Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  for (const what of ["drives", "nodes"] as const)
    if (layout[what] !== 1 && layout[what] !== CODED)
      found.push({
        path: ["layout", what],
        message: `Ceph is set up on 1 or ${CODED} ${what} here, two for data and two for parity`,
        hint: `use ${CODED}`,
      });
  if (layout.sites > 1 && (layout.drives > 1 || layout.nodes > 1))
    found.push({
      path: ["layout", "sites"],
      message: "each of Ceph's sites stands on one drive here",
      hint: "leave drives and nodes out",
    });
  if (tls && layout.sites > 1)
    found.push({
      path: ["tls"],
      message: "Ceph's sites speak with each other without TLS here, over the port that clients use too",
      hint: "leave sites or tls out",
    });
  if (replication?.mode === "sync")
    found.push({
      path: ["replication", "mode"],
      message: "Ceph's sites replicate afterwards, never before the acknowledgement",
      hint: "use async",
    });
  if (replication?.deletes === false)
    found.push({
      path: ["replication", "deletes"],
      message: "Ceph's sites always replicate deletions too",
      hint: "leave it out",
    });
  return found;
}

const nodes = (config: S3Config): NodeSpec[] =>
  clusters(config).flatMap(({ machines }) =>
    machines.map(({ name, runs }) => ({
      name,
      role: runs.includes("rgw") ? "server" : "monitor",
      image: config.image ?? "ceph",
    })),
  );

export const ceph: Provider = {
  name: "ceph",
  image: "ceph",
  can: ["drives", "rot", "quorum", "versioning", "lock", "replication", "scrub", "lifecycle", "tls", "signature-v2"],
  refusals: [],
  nodes,
  problems,
  load: () => import("./ceph/boot.ts"),
};
