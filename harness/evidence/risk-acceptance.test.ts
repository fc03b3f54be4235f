import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AcceptedRisk, Report } from "../report.ts";
import {
  ACCEPTANCES,
  acceptancesFor,
  acceptancesIn,
  acceptedRisksOf,
  putAcceptances,
  readAcceptances,
  signAcceptance,
} from "./risk-acceptance.ts";
import {
  allowing,
  analyzeSynthetic,
  drillKeyOf,
  edit,
  makePack,
  sshKey,
  sshSign,
  testBed,
  type TestBed,
} from "./testing.ts";
import { acceptorsOf } from "./verify-acceptances.ts";
import { type Verification, verifyPack } from "./verify.ts";

const CHECKS = ["no-lost-writes", "recovery-time"];
const SCENARIO = "postgres-primary-node-loss";
const NAMESPACE = 'namespaces="drill-risk"';

let bed: TestBed;
let alice = "";
let folder = "";
let runs = 0;
beforeAll(() => {
  bed = testBed();
  alice = sshKey(bed, "alice");
});
afterAll(() => bed.remove());
beforeEach(() => {
  folder = join(bed.root, `risks-${++runs}`);
  mkdirSync(folder);
});

const dayFromNow = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const FIELDS = {
  id: "slow-failover",
  scenario: SCENARIO,
  finding: "recovery-time",
  from: dayFromNow(-10),
  until: dayFromNow(30),
  owner: "Dana Ortiz, payments",
  because: "the pool's upgrade is due",
};
type Fields = Partial<Record<keyof typeof FIELDS, string>>;

/** Writes an acceptance into the folder, a line each key; a key that is `""` is left out. Returns the file. */
function write(fields: Fields = {}, name = `${fields.id ?? FIELDS.id}.yaml`): string {
  const said = Object.entries({ ...FIELDS, ...fields }).filter(([, value]) => value !== "");
  const file = join(folder, name);
  writeFileSync(file, said.map(([key, value]) => `${key}: ${value}\n`).join(""));
  return file;
}

async function signed(fields: Fields = {}, key = alice): Promise<string> {
  const file = write(fields);
  await signAcceptance(file, key, CHECKS);
  return file;
}

const refused = async (fields: Fields): Promise<string> =>
  signAcceptance(write(fields), alice, CHECKS).then(
    () => "signed",
    (thrown: { exitCode: number; message: string }) => `exit ${thrown.exitCode}: ${thrown.message}`,
  );

describe("an acceptance", () => {
  test("an accepted deviation that never expires is not signed", async () => {
    expect(await refused({ until: "" })).toMatch(/exit 2: .*\n.*until: missing, expected a day such as 2026-01-31/);
    expect(await refused({ until: "never" })).toMatch(/:5:8: until: found "never", expected a day such as/);
    expect(await refused({ until: "9999-12-31" })).toContain("expected a day at most 366 days after from");
    expect(await refused({ from: "2026-01-01", until: "2027-01-03" })).toContain("at most 366 days after from");
    expect(await refused({ from: "2026-01-01", until: "2027-01-02" })).toBe("signed");
    expect(await refused({ from: "2026-01-01", until: "2026-01-01" })).toContain("expected a day after from");
    expect(await refused({ from: "2026-01-01", until: "2025-12-31" })).toContain("expected a day after from");
    expect(await refused({ until: "2026-02-30" })).toContain('found "2026-02-30"');
  });

  test("is refused with every problem at once, each with its place", async () => {
    const said = await refused({ id: "No", scenario: "x", owner: "", because: '" "', from: "5" });
    expect(said).toMatch(/5 problems in .*, nothing was started/);
    for (const [place, path] of [
      ["1:5", "id"],
      ["2:11", "scenario"],
      ["4:7", "from"],
      ["6:10", "because"],
    ])
      expect(said).toContain(`slow-failover.yaml:${place}: ${path}: found`.replace("slow-failover", "No"));
    expect(said).toContain("owner: missing, expected one line of at most 100 characters");
  });

  test("names a check that there is", async () => {
    expect(await refused({ finding: "recovery-tim" })).toContain("did you mean recovery-time?");
  });

  test("is a page of text and no more", async () => {
    const file = write();
    writeFileSync(file, `${readFileSync(file, "utf8")}#${"x".repeat(16 * 1024)}\n`);
    await expect(signAcceptance(file, alice, CHECKS)).rejects.toMatchObject({ exitCode: 2 });
    expect(await refused({ because: "x".repeat(501) })).toContain("one line of at most 500 characters");
  });

  test("is not signed by a key that is not there: exit 6", async () => {
    await expect(signAcceptance(write(), join(bed.root, "none"), CHECKS)).rejects.toMatchObject({ exitCode: 6 });
  });
});

describe("a folder of acceptances", () => {
  const wrong = (): Promise<string> =>
    readAcceptances(folder, CHECKS).then(
      () => "read",
      (thrown: { exitCode: number; message: string }) => `exit ${thrown.exitCode}: ${thrown.message}`,
    );

  test("is read with its signatures, expired ones as well; those of a scenario are chosen", async () => {
    await signed();
    await signed({ id: "expired", from: "2026-01-01", until: "2026-02-01" });
    await signed({ id: "another", scenario: "redis-primary-crash" });
    writeFileSync(join(folder, "README.md"), "not one");
    const all = await readAcceptances(folder, CHECKS);
    expect(all.map(({ acceptance }) => acceptance.id)).toEqual(["another", "expired", "slow-failover"]);
    const own = acceptancesFor(SCENARIO, all, bed.signer);
    expect(own.map(({ acceptance }) => acceptance.id)).toEqual(["expired", "slow-failover"]);
    expect(acceptancesFor("s3-site-loss", all, bed.signer)).toEqual([]);
  });

  test("starts nothing where one is not signed, was edited after signing, or is signed for another purpose", async () => {
    const unsigned = write({ id: "unsigned" });
    const edited = await signed({ id: "edited" });
    writeFileSync(edited, readFileSync(edited, "utf8").replace(FIELDS.until, dayFromNow(200)));
    sshSign(write({ id: "foreign" }), alice, "drill-signoff");
    const said = await wrong();
    expect(said).toMatch(/^exit 2: 3 problems in 3 files, nothing was started/);
    expect(said).toContain(`${unsigned}: its signature is missing; sign it: blackstart accept-risk ${unsigned} --key`);
    expect(said).toMatch(/edited\.yaml: its signature does not hold: /);
    expect(said).toMatch(/foreign\.yaml: its signature does not hold: /);
  });

  test("starts nothing with one that never expires, though a person signed it by hand; nor does a pack hold one", async () => {
    sshSign(write({ until: "9999-12-31" }), alice, "drill-risk");
    expect(await wrong()).toContain('until: found "9999-12-31", expected a day at most 366 days after from');
    const dir = join(bed.root, `endless-${runs}`);
    mkdirSync(join(dir, ACCEPTANCES), { recursive: true });
    for (const end of [".yaml", ".yaml.sig"])
      copyFileSync(join(folder, `slow-failover${end}`), join(dir, ACCEPTANCES, `slow-failover${end}`));
    expect(() => acceptancesIn(dir)).toThrow("expected a day at most 366 days after from");
  });

  test("is refused where an id is there twice, where it holds too many, and where it is none", async () => {
    await signed();
    await signAcceptance(write({}, "again.yaml"), alice, CHECKS);
    expect(await wrong()).toContain('slow-failover.yaml: id: found "slow-failover", expected an id of its own');
    for (let n = 0; n < 50; n++) write({ id: `risk-${n}` });
    expect(await wrong()).toContain("holds 52 acceptances; at most 50 are read");
    rmSync(folder, { recursive: true });
    expect(await wrong()).toContain("is not a folder of risk acceptances");
  });

  test("one person does not run and accept: the key of the drill is refused before anything starts", async () => {
    await signed({}, drillKeyOf(bed));
    const all = await readAcceptances(folder, CHECKS);
    expect(() => acceptancesFor(SCENARIO, all, bed.signer)).toThrow("is signed with the key that signs the drill");
    expect(acceptancesFor("another-scenario", all, bed.signer)).toEqual([]);
  });
});

/** Puts what lies in the folder into a pack, as a drill does. */
const into = async (dir: string): Promise<void> => putAcceptances(dir, await readAcceptances(folder, CHECKS));
const pack = (options: Parameters<typeof makePack>[1] = {}): Promise<string> =>
  makePack(bed, { run: `run-${++runs}`, ...options });
const verified = (dir: string, allowedSigners?: string): Promise<Verification> =>
  verifyPack(dir, { publicKeys: [bed.signer.fingerprint], recompute: analyzeSynthetic, allowedSigners });
/** Nobody has signed these packs off, which is another matter. */
const failing = ({ checks }: Verification): string[] =>
  checks.filter(({ name, outcome }) => outcome === "fail" && name !== "sign-off").map(({ name }) => name);
const check = ({ checks }: Verification) => checks.find(({ name }) => name === "acceptances")!;
const reportOf = (dir: string): Report => JSON.parse(readFileSync(join(dir, "views/report.json"), "utf8")) as Report;

describe("a pack", () => {
  test("says of each what it is, and whether it was in force when the intent was signed; the verdict is what it was", async () => {
    await signed();
    await signed({ id: "expired", from: "2026-01-01", until: "2026-02-01" });
    await signed({ id: "later", from: dayFromNow(5), finding: "no-lost-writes" });
    const dir = await pack({ beforeIntent: into, lost: 2 });
    const { scenario: _scenario, ...risk } = FIELDS;
    expect(reportOf(dir)).toMatchObject({
      verdict: "fail",
      exitCode: 1,
      acceptances: [
        { id: "expired", state: "expired" },
        { id: "later", finding: "no-lost-writes", state: "not yet" },
        { ...risk, state: "in force" },
      ],
    });
    const verification = await verified(dir, allowing(bed, [alice], NAMESPACE));
    expect(failing(verification)).toEqual([]);
    expect(check(verification)).toMatchObject({
      outcome: "ok",
      detail: `3 risk acceptances: ${["expired", "later", "slow-failover"].map((id) => `${id} by alice@example.test`).join(", ")}`,
    });
  });

  test("verifies without a file of allowed signers, and says that nobody looked whose signatures they are", async () => {
    await signed();
    const verification = await verified(await pack({ beforeIntent: into }));
    expect(verification.ok).toBe(true);
    expect(check(verification)).toMatchObject({ outcome: "not-checked" });
    expect(check(verification).detail).toContain("1 risk acceptance, as the intent names them; whose is not known");
  });

  test("without any has no word of them in its report", async () => {
    const dir = await pack();
    expect(reportOf(dir)).not.toHaveProperty("acceptances");
    expect(check(await verified(dir))).toMatchObject({
      outcome: "ok",
      detail: expect.stringMatching(/^none/) as unknown,
    });
  });

  test("is never made with one of another scenario, with another name, or without its signature", async () => {
    const message = (before: (dir: string) => void): Promise<string> =>
      pack({ beforeIntent: async (dir) => (await into(dir), before(dir)) }).then(String, (e: Error) => e.message);
    await signed();
    const at = (dir: string, name: string): string => join(dir, ACCEPTANCES, name);
    expect(await message((dir) => renameSync(at(dir, "slow-failover.yaml"), at(dir, "x.yaml")))).toContain(
      "neither a risk",
    );
    expect(await message((dir) => rmSync(at(dir, "slow-failover.yaml.sig")))).toContain("yaml.sig is missing");
    expect(
      await message((dir) => {
        for (const end of [".yaml", ".yaml.sig"]) renameSync(at(dir, `slow-failover${end}`), at(dir, `x${end}`));
      }),
    ).toContain("x.yaml is the acceptance slow-failover");
    await signed({ id: "foreign", scenario: "another-scenario" });
    expect(await message(() => undefined)).toContain(
      "is of the scenario another-scenario, and this is postgres-primary",
    );
  });
});

describe("whoever tampers with the acceptances of a pack is found out", () => {
  const SLOW = `${ACCEPTANCES}/slow-failover.yaml`;
  const longer = (dir: string): void => edit(dir, SLOW, (text) => text.replace(FIELDS.until, dayFromNow(90)));
  const allowed = (): string => allowing(bed, [alice], NAMESPACE);

  test("edited in a sealed pack", async () => {
    await signed();
    const dir = await pack({ beforeIntent: into });
    longer(dir);
    expect(failing(await verified(dir))).toEqual(["digests", "acceptances"]);
  });

  test("edited after it was signed, before the drill: the person's signature does not hold", async () => {
    await signed();
    const dir = await pack({ beforeIntent: async (to) => (await into(to), longer(to)) });
    const verification = await verified(dir, allowed());
    expect(failing(verification)).toEqual(["acceptances"]);
    expect(check(verification).detail).toMatch(
      /^the acceptance slow-failover does not count: its signature of alice@example.test does not hold: /,
    );
    expect(await acceptorsOf(dir, allowed())).toMatchObject([
      { id: "slow-failover", refused: expect.any(String) as unknown },
    ]);
  });

  test("added after the result, edited after the result, or taken away: the intent names others", async () => {
    await signed();
    const added = await pack({ beforeSeal: (dir) => putAcceptancesNow(dir) });
    expect(failing(await verified(added))).toEqual(["acceptances", "recompute"]);
    expect(check(await verified(added)).detail).toContain("those that the intent names");
    const edited = await pack({ beforeIntent: into, beforeSeal: longer });
    expect(failing(await verified(edited))).toEqual(["acceptances", "recompute"]);
    const gone = await pack({
      beforeIntent: into,
      beforeSeal: (dir) => rmSync(join(dir, ACCEPTANCES), { recursive: true }),
    });
    expect(failing(await verified(gone))).toEqual(["acceptances", "recompute"]);
  });

  const putAcceptancesNow = (dir: string): void => {
    mkdirSync(join(dir, ACCEPTANCES));
    for (const end of ["", ".sig"]) copyFileSync(join(folder, `slow-failover.yaml${end}`), join(dir, `${SLOW}${end}`));
  };

  test("a report that calls an expired one in force, or is silent about it", async () => {
    await signed({ from: "2026-01-01", until: "2026-02-01" });
    const inForce = (risk: AcceptedRisk): AcceptedRisk => ({ ...risk, state: "in force" });
    const lie = (report: Report): Report => ({ ...report, acceptances: report.acceptances!.map(inForce) });
    expect(failing(await verified(await pack({ beforeIntent: into, report: lie })))).toEqual([
      "acceptances",
      "recompute",
    ]);
    const silent = ({ acceptances: _acceptances, ...report }: Report): Report => report;
    expect(failing(await verified(await pack({ beforeIntent: into, report: silent })))).toContain("acceptances");
  });

  test("a signer who is not allowed, or no longer; a signature for another purpose", async () => {
    await signed({}, sshKey(bed, "mallory"));
    const stranger = await verified(await pack({ beforeIntent: into }), allowed());
    expect(failing(stranger)).toEqual(["acceptances"]);
    expect(check(stranger).detail).toContain("its signature is by nobody who is allowed");
    const file = await signed();
    const dir = await pack({ beforeIntent: into });
    expect(failing(await verified(dir, allowing(bed, [alice], `${NAMESPACE},valid-before="20200101"`)))).toEqual([
      "acceptances",
    ]);
    const until2030 = allowing(bed, [alice], `${NAMESPACE},valid-before="20300101"`);
    expect(await acceptorsOf(dir, until2030, new Date("2029-12-30"))).toMatchObject([{ principal: expect.anything() }]);
    expect(await acceptorsOf(dir, until2030, new Date("2030-01-03"))).toMatchObject([{ refused: expect.anything() }]);
    expect(failing(await verified(dir, allowing(bed, [alice], 'namespaces="drill-signoff"')))).toEqual(["acceptances"]);
    rmSync(`${file}.sig`);
    sshSign(file, alice, "drill-signoff");
    const foreign = await pack({ beforeIntent: (to) => (mkdirSync(join(to, ACCEPTANCES)), copyBoth(file, to)) });
    const verification = await verified(foreign, allowing(bed, [alice], 'namespaces="drill-risk,drill-signoff"'));
    expect(failing(verification)).toEqual(["acceptances"]);
    expect(check(verification).detail).toContain("does not hold");
  });

  const copyBoth = (file: string, dir: string): void => {
    for (const end of ["", ".sig"]) copyFileSync(`${file}${end}`, join(dir, `${SLOW}${end}`));
  };

  test("one who ran the drill and accepts what came of it", async () => {
    const own = drillKeyOf(bed);
    await signed({}, own);
    const dir = await pack({ beforeIntent: into });
    const verification = await verified(dir, allowing(bed, [own], NAMESPACE));
    expect(failing(verification)).toEqual(["acceptances"]);
    expect(check(verification).detail).toBe(
      "the acceptance slow-failover is signed with the key that signed the drill",
    );
  });

  test("more than anybody reads, and files that are none", async () => {
    const dir = join(bed.root, `many-${runs}`);
    mkdirSync(join(dir, ACCEPTANCES), { recursive: true });
    for (let n = 0; n < 51; n++) writeFileSync(join(dir, ACCEPTANCES, `risk-${n}.yaml`), "");
    expect(() => acceptancesIn(dir)).toThrow("51 risk acceptances; at most 50 are read");
    for (let n = 1; n < 51; n++) rmSync(join(dir, ACCEPTANCES, `risk-${n}.yaml`));
    writeFileSync(join(dir, ACCEPTANCES, "risk-0.yaml"), "id: {{{");
    const drill = { signedAt: new Date().toISOString(), scenario: { id: SCENARIO } };
    expect(() => acceptedRisksOf(dir, drill)).toThrow(/risk-0\.yaml:1:/);
  });
});
