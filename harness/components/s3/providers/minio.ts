import type { NodeSpec } from "../../../component.ts";
import type { ConfigProblem, S3Config } from "../config.ts";
import type { Provider } from "../provider.ts";

/** Erasure sets of these many drives; three is refused by the product itself (docs/distributed/DESIGN.md of its repository). */
const SETS = [4, 6, 8, 10, 12, 14, 16];

function nodes({ layout, image = "minio" }: S3Config): NodeSpec[] {
  if (layout.sites === 2)
    return [
      { name: "site-a", role: "site", image },
      { name: "site-b", role: "site", image },
    ];
  if (layout.nodes > 1)
    return Array.from({ length: layout.nodes }, (_, i) => ({ name: `server${i + 1}`, role: "server", image }));
  return [{ name: "server", role: "server", image }];
}

function problems({ layout }: S3Config): ConfigProblem[] {
  return (["drives", "nodes"] as const)
    .filter((what) => layout[what] > 1 && !SETS.includes(layout[what]))
    .map((what) => ({
      path: ["layout", what],
      message: `MinIO makes no erasure set of ${layout[what]} ${what}`,
      hint: `use 1, ${SETS.join(", ")}`,
    }));
}

export const minio: Provider = {
  name: "minio",
  image: "minio",
  can: [
    "drives",
    "rot",
    "metadata rot",
    "quorum",
    "versioning",
    "lock",
    "replication",
    "power",
    "scrub",
    "tls",
    "signature-v2",
  ],
  // Measured: a PUT that a quorum refused never showed later, 0 of 550.
  refusals: ["SlowDownWrite", "SlowDown", "XMinioServerNotInitialized"],
  nodes,
  problems,
  load: () => import("./minio/boot.ts"),
};
