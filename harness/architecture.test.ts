import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { componentKinds } from "./components.ts";

/** The shape of the code, as design.md draws it: what may know of what. */

const HARNESS = fileURLToPath(new URL(".", import.meta.url));
const isTest = (file: string) => /\.test\.ts$|(^|\/)testing\.ts$|^(acceptance|bench)\//.test(file);

/** What a file needs before its first line runs (types and `await import` are left out), and all that it names at all. */
interface Imports {
  readonly atStart: readonly string[];
  readonly all: readonly string[];
}

const files = new Map(
  globSync("**/*.ts", { cwd: HARNESS })
    .filter((file) => !isTest(file))
    .map((file) => [file, readFileSync(join(HARNESS, file), "utf8")] as const),
);

const importsOf = (file: string, source: string): Imports => ({
  atStart: specifiers(stripTypeScriptTypes(source), /^\s*(?:import|export)\b[^;"'()]*["']([^"']+)["']/gm, file),
  all: specifiers(source, /(?:\bfrom\s+|\bimport\s*\(?\s*)["']([^"']+)["']/g, file),
});

/** Files of the harness by their path in it, packages by their name. */
const specifiers = (source: string, pattern: RegExp, file: string): string[] =>
  [...source.matchAll(pattern)].map(([, name = ""]) => (name.startsWith(".") ? join(dirname(file), name) : name));

const imports = new Map([...files].map(([file, source]) => [file, importsOf(file, source)] as const));

/** Everything that is loaded with a file. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  for (const next of imports.get(file)?.atStart ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    loadedWith(next, seen);
  }
  return seen;
}

const inFolder = (...folders: string[]) =>
  [...files.keys()].filter((file) => folders.some((f) => file.startsWith(`${f}/`)));
const code = (file: string): string => files.get(file)!.replace(/\/\*[^]*?\*\/|(?<!:)\/\/.*$/gm, "");

test("the scan sees the code", () => {
  expect(files.size).toBeGreaterThan(80);
  expect(loadedWith("scenario/read-scenario.ts")).toContain("components/postgres/kind.ts");
  expect(loadedWith("engine/proxy.ts")).toContain("testcontainers");
  expect(loadedWith("engine/proxy.ts")).not.toContain("dockerode"); // only its types
  expect(imports.get("components/postgres/kind.ts")?.all).toContain("components/postgres/boot.ts");
});

test.each(["dockerode", "testcontainers", "toxiproxy-node-client"])("only the engine knows of %s", (name) => {
  const users = [...imports].filter(([, { all }]) => all.includes(name)).map(([file]) => file);
  expect(users.filter((file) => !file.startsWith("engine/"))).toEqual([]);
});

test("only components know of database clients", () => {
  const clients = /^(pg|ioredis|@aws-sdk\/.*)$/;
  const users = [...imports].filter(([, { all }]) => all.some((name) => clients.test(name))).map(([file]) => file);
  expect(users.filter((file) => !file.startsWith("components/"))).toEqual([]);
});

test("certificates are written in one place", () => {
  const users = [...imports].filter(([, { all }]) => all.includes("node-forge")).map(([file]) => file);
  expect(users).toEqual(["components/certificate.ts"]);
});

/** What a kind of component says of itself before anything acts: its own file, and what it is put together from. */
const COMPONENT_DATA =
  /^components\/[^/]+\/(kind|config|provider|providers(\/[^/]+)?|archivers?|versions|wal-names)\.ts$/;

test("what is right and left of the drill loads no code that acts on containers", () => {
  const pure = inFolder("scenario", "checkers", "history", "render", "evidence", "selftest/controls");
  const acting = (file: string) =>
    /^engine\/|^components\/|^drill\/|^(dockerode|testcontainers|toxiproxy-node-client|pg|ioredis|@aws-sdk\/.*)$/.test(
      file,
    ) && !COMPONENT_DATA.test(file);
  const offences = pure.flatMap((file) =>
    [...loadedWith(file)].filter(acting).map((loaded) => `${file} loads ${loaded}`),
  );
  expect(offences).toEqual([]);
});

/** What a step of a scenario may do. */
const ACTS = ["faults", "recoveries", "routines"];

/** Folder by folder, what it must not name, not even for its types or lazily. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  engine: ["components", ...ACTS, "workload", "drill", "checkers", "evidence", "render", "cli"],
  components: ["engine", ...ACTS, "drill", "checkers", "evidence", "render", "cli"],
  faults: [
    "engine",
    "components",
    "recoveries",
    "routines",
    "workload",
    "drill",
    "checkers",
    "evidence",
    "render",
    "cli",
  ],
  recoveries: ["engine", "components", "routines", "workload", "drill", "checkers", "evidence", "render", "cli"],
  routines: ["engine", "components", "recoveries", "workload", "drill", "checkers", "evidence", "render", "cli"],
  workload: ["engine", "components", ...ACTS, "drill", "checkers", "evidence", "render", "cli"],
  /** How history is kept and who looks at it know nothing of each other. */
  "components/postgres/archivers": ["components/postgres/detectors"],
  "components/postgres/detectors": ["components/postgres/archivers"],
  scenario: ["engine", "drill", "evidence", "render", "cli"],
  checkers: ["engine", "components", "scenario", "drill", "evidence", "render", "cli"],
  history: ["engine", "components", "scenario", "drill", "render", "cli"],
  evidence: ["engine", "components", "drill", "render", "cli"],
  /** Controls are data: what a checker must say is not taken from the checker. */
  "selftest/controls": [
    "engine",
    "components",
    "scenario",
    "drill",
    "checkers",
    "analyze",
    "evidence",
    "render",
    "cli",
  ],
  selftest: ["components", ...ACTS, "workload", "checkers", "render", "cli"],
  suite: ["engine", "components", ...ACTS, "workload", "drill", "checkers", "evidence", "render", "cli"],
  render: ["engine", "components", "drill", "cli"],
  drill: ["cli"],
};

test.each(Object.entries(FORBIDDEN))("%s keeps to its side", (folder, forbidden) => {
  const offences = inFolder(folder).flatMap((file) =>
    imports
      .get(file)!
      .all.filter((name) => forbidden.some((f) => name.startsWith(`${f}/`)))
      .map((name) => `${file} imports ${name}`),
  );
  expect(offences).toEqual([]);
});

test("only the command line touches the process's arguments, output and end", () => {
  const users = [...files.keys()].filter((file) =>
    /\bprocess\.(exit|exitCode|argv|stdout|stderr)\b|\bconsole\./.test(code(file)),
  );
  expect(users.filter((file) => !["cli.ts", "bench.ts"].includes(file) && !file.startsWith("cli/"))).toEqual([]);
});

test("generic code never names a kind of component", () => {
  const kinds = new RegExp(`\\b(${componentKinds.map((k) => k.kind).join("|")})\\b`, "i");
  const generic = [
    ...inFolder("scenario", "drill", "workload", ...ACTS).filter((file) => code(file).match(kinds)),
    // An image of ours may carry the name of what is in it.
    ...inFolder("engine").filter((file) => basename(file) !== "recipes.ts" && code(file).match(kinds)),
  ];
  expect(generic).toEqual([]);
});

test("every checker has controls, and every file of controls is in their registry", () => {
  const named = (registry: string, folder: string) =>
    imports
      .get(registry)!
      .atStart.filter((file) => file.startsWith(folder))
      .map((file) => basename(file, ".ts"));
  const controlled = named("selftest/controls.ts", "selftest/controls/");
  expect(controlled.toSorted()).toEqual(
    inFolder("selftest/controls")
      .map((file) => basename(file, ".ts"))
      .toSorted(),
  );
  // The check that a drill showed the loss that it declares is the verdict's own, and in no registry.
  expect(controlled.toSorted()).toEqual([...named("checkers.ts", "checkers/"), "declared-loss"].toSorted());
});

/** One file and one line in its registry each; `shared` is what several of the folder are made from. */
const REGISTRIES = [
  ["faults.ts", "faults", ["poison.ts", "targets.ts", "intrusion.ts", "served.ts", "damages.ts", "disk-files.ts"]],
  ["recoveries.ts", "recoveries", []],
  ["routines.ts", "routines", []],
  ["components/postgres/archivers.ts", "components/postgres/archivers", []],
  ["components/postgres/detectors.ts", "components/postgres/detectors", ["archive.ts"]],
] as const;

test.each(REGISTRIES)("%s has every one of its folder", (registry, folder, shared) => {
  const named = imports.get(registry)!.all.filter((file) => dirname(file) === folder);
  const expected = inFolder(folder).filter((file) => !(shared as readonly string[]).includes(basename(file)));
  expect(named.toSorted()).toEqual(expected.toSorted());
});

test("every kind of component is in its registry", () => {
  expect(imports.get("components.ts")?.atStart.toSorted()).toEqual(
    [...files.keys()].filter((file) => /^components\/[^/]+\/kind\.ts$/.test(file)).toSorted(),
  );
});

test.each(REGISTRIES)("%s alone names them from outside", (registry, folder, shared) => {
  const offences = [...imports].flatMap(([file, { all }]) =>
    file === registry || dirname(file) === folder
      ? []
      : all
          .filter((name) => dirname(name) === folder && !(shared as readonly string[]).includes(basename(name)))
          .map((name) => `${file} imports ${name}`),
  );
  expect(offences).toEqual([]);
});

test("an archiver is loaded only where an archive is kept", () => {
  const loaded = [...loadedWith("components/postgres/archivers.ts")];
  expect(loaded.filter((file) => dirname(file) === "components/postgres/archivers")).toEqual([]);
});
