import type { ArchiverKind, Tool } from "./archiver.ts";
import { imageOf } from "./versions.ts";

/** Every archiver. A new one is a file in archivers/, its name in archiver.ts and an entry here. */
const archiverKinds: readonly ArchiverKind[] = [
  {
    tool: "plain",
    versions: [14, 15, 16, 17],
    image: (version) => imageOf({ version }, true),
    options: ["receiver", "timeout", "overwrite", "baseOnly"],
    can: ["expiry", "astray archiving", "skewed archiving", "tablespaces"],
    load: () => import("./archivers/plain.ts"),
  },
  {
    tool: "incremental",
    versions: [17],
    image: (version) => imageOf({ version }, true),
    options: ["receiver", "timeout", "overwrite"],
    can: ["incremental backups", "expiry", "astray archiving", "skewed archiving"],
    load: () => import("./archivers/incremental.ts"),
  },
  {
    tool: "pgbackrest",
    versions: [14, 15, 16, 17], // Debian 13 has 2.55.1, which does not know 18 yet
    image: (version) => imageOf({ version }, true),
    needs: "tls",
    options: ["timeout", "encrypted", "async", "queueMax"],
    can: ["incremental backups", "expiry", "astray archiving", "skewed archiving", "tablespaces"],
    load: () => import("./archivers/pgbackrest.ts"),
  },
  {
    tool: "wal-e",
    versions: [14], // it calls pg_start_backup, which PostgreSQL 15 no longer has
    image: () => "postgres-wal-e",
    needs: "signature-v2",
    options: ["retries"],
    can: [],
    load: () => import("./archivers/wal-e.ts"),
  },
];

export const archiverKind = (tool: Tool): ArchiverKind => archiverKinds.find((kind) => kind.tool === tool)!;
