import type { ArchiverKind, Tool } from "./archiver.ts";

/** Every archiver. A new one is a file in archivers/, its name in archiver.ts and an entry here. */
const archiverKinds: readonly ArchiverKind[] = [
  {
    tool: "plain",
    versions: [14, 15, 16, 17],
    image: (version) => (version === 17 ? "postgres-tools" : `postgres-${version}`),
    options: ["receiver", "timeout", "overwrite"],
    levels: ["full"],
    load: () => import("./archivers/plain.ts"),
  },
  {
    tool: "incremental",
    versions: [17],
    image: () => "postgres-tools",
    options: ["receiver", "timeout", "overwrite"],
    levels: ["full", "incremental"],
    load: () => import("./archivers/incremental.ts"),
  },
  {
    tool: "pgbackrest",
    versions: [17],
    image: () => "postgres-tools",
    needs: "tls",
    options: ["timeout", "encrypted", "async", "queueMax"],
    levels: ["full", "incremental"],
    load: () => import("./archivers/pgbackrest.ts"),
  },
];

export const archiverKind = (tool: Tool): ArchiverKind => archiverKinds.find((kind) => kind.tool === tool)!;
