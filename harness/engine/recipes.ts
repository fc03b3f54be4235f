import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where one of our images comes from. A changed recipe gives a new tag, so an old image is never taken for it. */
export interface Recipe {
  readonly summary: string;
  readonly version: string;
  /** Pulled where a registry answers. */
  readonly pull?: string;
  readonly build: Debootstrap | Dockerfile;
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
}

const imagesFolder = join(import.meta.dirname, "../../fixtures/images");

/** A program written in Go: they all share one Dockerfile and differ in their go.mod. */
const goProgram = (folder: string, args: { PACKAGE: string; PROGRAM: string; LDFLAGS?: string }): Dockerfile => ({
  folders: ["go", `go/${folder}`],
  images: { BASE: "base" },
  args,
});

/** Every image of ours. A new one is a folder under fixtures/images and an entry here. */
export const recipes: Readonly<Record<string, Recipe>> = {
  base: {
    summary: "Debian 13, the base of the others",
    version: "trixie",
    pull: "debian:trixie-slim",
    build: { suite: "trixie" },
  },
  postgres: {
    summary: "PostgreSQL 17 with contrib",
    version: "17",
    pull: "postgres:17.6-trixie",
    build: { folders: ["postgres"], images: { BASE: "base" } },
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
  power: {
    summary: "Makes disks whose power can be cut",
    version: "trixie",
    build: { folders: ["power"], images: { BASE: "base" } },
  },
  cosign: {
    summary: "An independent verifier for the tests",
    version: "trixie",
    build: { folders: ["cosign"], images: { BASE: "base" } },
  },
};

/** The reference that a built image gets: its version, and a hash of everything that makes it. */
export const builtReference = (name: string): string => {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`no recipe is called ${name}`);
  return `blackstart/${name}:${recipe.version}-${recipeHash(name, recipe).slice(0, 10)}`;
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

function recipeHash(name: string, recipe: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify([name, recipe.version, recipe.build]));
  if ("suite" in recipe.build) return hash.digest("hex");
  for (const [file, path] of [...contextFiles(recipe.build)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  // Whether the base was pulled or made here does not count, only what it was meant to be.
  for (const needed of Object.values(recipe.build.images)) hash.update(`\0${builtReference(needed)}`);
  return hash.digest("hex");
}
