import { expect, test } from "vitest";
import { planOf, problemsOf, soundBut } from "../../scenario/testing.ts";
import { postgres } from "./kind.ts";

const STANDBY = "{ name: standby, replication: synchronous }";
const withTimescale = (more = "") => soundBut(["kind: postgres,", `kind: postgres, timescale: true,${more}`]);

test("a hypertable is in our image of 17, and in an image of one's own", async () => {
  const plan = await planOf(withTimescale());
  const images = postgres.nodes(plan.components[0]!.config).map(({ image }) => image);
  expect(new Set(images)).toEqual(new Set(["postgres-tools"]));
  expect(await problemsOf(withTimescale(" version: 16,"))).toEqual([
    expect.stringMatching(/timescale: our image of version 16 has no TimescaleDB; use version 17, or .* image:$/),
  ]);
  expect(await problemsOf(withTimescale(" version: 16, image: mine,"))).toEqual([]);
});

test("the check of a hypertable can be asked for only where there is one", async () => {
  const asked: [string, string] = ["verify: [no-lost-writes]", "verify: [no-lost-writes, hypertable]"];
  expect(await problemsOf(soundBut(asked))).toEqual([
    expect.stringMatching(/verify\[1\]: found "hypertable", expected one of /),
  ]);
  expect(await problemsOf(soundBut(["kind: postgres,", "kind: postgres, timescale: true,"], asked))).toEqual([]);
});

test("one server's own settings may not be what the stack sets either", async () => {
  const own = (setting: string) =>
    soundBut([STANDBY, `{ name: standby, replication: synchronous, settings: { ${setting} } }`]);
  expect(await problemsOf(own('shared_preload_libraries: ""'))).toEqual([]);
  expect(await problemsOf(own("port: 1"))).toEqual([
    expect.stringMatching(/stack\.db\.standbys\[0\]\.settings\.port: port is set by the stack itself/),
  ]);
});

test("ballast has a size within bounds, and none with a standby that could not get it", async () => {
  const withBallast = (size: string, standby = STANDBY) =>
    soundBut(["kind: postgres,", `kind: postgres, ballast: ${size},`], [STANDBY, standby]);
  expect(await problemsOf(withBallast("64MiB"))).toEqual([]);
  expect(await problemsOf(withBallast("3KiB"))).toEqual([expect.stringContaining("1MiB to 64GiB")]);
  const copy = await problemsOf(withBallast("64MiB", "{ name: standby, replication: logical }"));
  expect(copy).toContainEqual(expect.stringMatching(/ballast: a logical standby has no table/));
});

test("a tablespace is for archivers that bring it back, and for servers that have the primary's files", async () => {
  const STORE = "  store: { kind: s3, tls: true }\n  db:";
  const withTablespace = (archive: string, standby = STANDBY) =>
    soundBut(["  db:", STORE], ["kind: postgres,", `kind: postgres, ${archive}`], [STANDBY, standby]);
  const archived = (tool: string) => withTablespace(`tablespace: true, archive: { tool: ${tool}, to: store },`);
  for (const tool of ["plain", "pgbackrest", "plain, baseOnly: true"])
    expect(await problemsOf(archived(tool))).toEqual([]);
  expect(await problemsOf(archived("incremental"))).toEqual([
    expect.stringMatching(/tablespace: nothing is known here of how incremental brings a tablespace back; /),
  ]);
  expect(await problemsOf(withTablespace("archive: { tool: plain, to: store, baseOnly: true },"))).toEqual([
    expect.stringMatching(/archive\.baseOnly: there is no tablespace that a backup could leave out; add tablespace/),
  ]);
  const logical = "{ name: standby, replication: logical }";
  expect(await problemsOf(withTablespace("tablespace: true,", logical))).toEqual([
    expect.stringMatching(/tablespace: a logical standby has files of its own/),
  ]);
});
