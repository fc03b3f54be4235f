import type { ConfigProblem, S3Config } from "../config.ts";
import type { Provider } from "../provider.ts";

function problems({ layout, sync, replication }: S3Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  for (const what of ["drives", "nodes", "sites"] as const)
    if (layout[what] > 1)
      found.push({
        path: ["layout", what],
        message: `VersityGW stands on one directory, not on ${layout[what]} ${what}`,
      });
  if (sync) found.push({ path: ["sync"], message: "VersityGW never syncs what it acknowledges" });
  if (replication) found.push({ path: ["replication"], message: "VersityGW does not replicate" });
  return found;
}

export const versitygw: Provider = {
  name: "versitygw",
  image: "versitygw",
  can: ["rot", "versioning", "lock", "tls"],
  refusals: [],
  nodes: ({ image = "versitygw" }) => [{ name: "server", role: "server", image }],
  problems,
  load: () => import("./versitygw/boot.ts"),
};
