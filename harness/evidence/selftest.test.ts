import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Report } from "../report.ts";
import { parseBundle, signBundle } from "./dsse.ts";
import { evaluatorDigest } from "./evaluator.ts";
import { sha256 } from "./files.ts";
import { canonicalJson } from "./json.ts";
import { fileSigner, type Signer } from "./keys.ts";
import { PACK } from "./pack-files.ts";
import {
  keepSelftest,
  type KeptSelftest,
  newestSelftest,
  readSelftest,
  SELFTEST,
  type SelftestFacts,
  selftestDirOf,
  selftestOfPack,
} from "./selftest.ts";
import { makeStatement, type SelftestPredicate } from "./statement.ts";
import { analyzeSynthetic, edit, makePack, testBed, type TestBed } from "./testing.ts";
import { type CheckName, type Verification, verifyPack } from "./verify.ts";

const OWN = evaluatorDigest();
const OTHER = "0".repeat(64);

let bed: TestBed;
let stranger: Signer;
beforeAll(() => {
  bed = testBed();
  stranger = fileSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "attested");
});
afterAll(() => bed.remove());
beforeEach(() => rmSync(selftestDirOf(bed.reports), { recursive: true, force: true }));

const control = (ok = true): SelftestFacts["controls"][0] => ({
  checker: "balances",
  control: "one unit too much",
  expected: "fail: the sum is off by 1",
  got: ok ? "fail: the sum is off by 1" : "pass: all is well",
  ok,
});

const facts = (changes: Partial<SelftestFacts> = {}): SelftestFacts => ({
  blackstart: "0.1.0",
  evaluatorSha256: OWN,
  when: new Date(Date.now() - 42 * 60_000 - 1_000).toISOString(),
  controls: [control(), { ...control(), control: "half a transfer" }],
  real: [],
  notRun: [{ control: "selftest-postgres", why: "no engine" }],
  dirty: false,
  clockSynchronised: true,
  preload: null,
  ...changes,
});

const keep = (changes: Partial<SelftestFacts> = {}, signer = bed.signer): Promise<KeptSelftest> =>
  keepSelftest(bed.reports, facts(changes), signer);
const newest = (evaluator = OWN) => newestSelftest(bed.reports, bed.signer, evaluator);
const hour = (n: number): string => `2026-11-24T${String(n).padStart(2, "0")}:00:00.000Z`;

test("a statement holds a bounded part of why a drill was not run", async () => {
  const kept = await keep({ notRun: [{ control: "selftest-postgres", why: "x".repeat(5_000) }] });
  expect(kept.predicate.notRun).toEqual([{ control: "selftest-postgres", why: "x".repeat(4_000) }]);
});

describe("the newest selftest", () => {
  test("is none where none was ever run", () => {
    expect(newest()).toEqual({ found: null, passedOver: [] });
  });

  test("is the last one of this evaluator, though another came after it and though it failed", async () => {
    await keep({ when: hour(1) });
    const failed = await keep({ when: hour(2), controls: [control(false)] });
    await keep({ when: hour(3), evaluatorSha256: OTHER });
    expect(newest().found?.predicate).toMatchObject({ when: hour(2), ok: false });
    expect(sha256(newest().found!.bytes)).toBe(failed.sha256);
  });

  test("is one of another evaluator where this one has none", async () => {
    await keep({ when: hour(4), evaluatorSha256: OTHER });
    await keep({ when: hour(3), evaluatorSha256: "1".repeat(64) });
    expect(newest().found?.predicate).toMatchObject({ when: hour(4), evaluatorSha256: OTHER });
  });

  test("is known by what it says, not by the name of its file", async () => {
    const old = await keep({ when: hour(1) });
    await keep({ when: hour(2) });
    renameSync(old.file, join(selftestDirOf(bed.reports), "9999.sigstore.json"));
    expect(newest().found?.predicate.when).toBe(hour(2));
  });

  test("is never one that another key signed, that was changed, or that cannot be read", async () => {
    await keep({ when: hour(5) }, stranger);
    const changed = await keep({ when: hour(6) });
    writeFileSync(changed.file, readFileSync(changed.file, "utf8").replace(/"payload":"./, '"payload":"A'));
    const dir = selftestDirOf(bed.reports);
    writeFileSync(join(dir, "a.sigstore.json"), "{");
    symlinkSync("/etc/hostname", join(dir, "b.sigstore.json"));
    const { found, passedOver } = newest();
    expect(found).toBeNull();
    expect(passedOver).toHaveLength(4);
    expect(passedOver.join("\n")).toMatch(/not one by the pinned key over this payload/);
  });
});

test("a statement is of the class that its signer and sources allow, and never more", async () => {
  expect((await keep()).predicate).toMatchObject({ class: "development" });
  expect((await keep({}, stranger)).predicate).toMatchObject({ class: "attested", classReasons: [] });
  expect((await keep({ dirty: true }, stranger)).predicate.class).toBe("development");
  expect((await keep({ clockSynchronised: null }, stranger)).predicate.class).toBe("development");
});

describe("a statement that contradicts itself is refused, whoever signed it:", () => {
  const signed = async (change: (predicate: SelftestPredicate) => SelftestPredicate, evaluator = OWN) => {
    const predicate = change((await keep()).predicate);
    const statement = makeStatement("selftest", [{ name: "evaluator", sha256: evaluator }], predicate);
    return signBundle(statement, bed.signer);
  };
  test.each<[string, (p: SelftestPredicate) => SelftestPredicate, RegExp]>([
    ["ok over a control that is not", (p) => ({ ...p, controls: [control(false)] }), /says that all is well/],
    ["not ok over controls that are", (p) => ({ ...p, ok: false }), /says that something is wrong/],
    ["attested by a development key", (p) => ({ ...p, class: "attested" }), /signed as development/],
    ["a field that nobody knows", (p) => ({ ...p, waived: true }) as SelftestPredicate, /has the wrong shape/],
    ["no control at all", (p) => ({ ...p, controls: [] }), /has the wrong shape/],
  ])("%s", async (_what, change, why) => {
    const bytes = await signed(change);
    expect(() => readSelftest(bytes, "it")).toThrow(why);
  });
  test("another evaluator than its subject", async () => {
    const bytes = await signed((p) => p, OTHER);
    expect(() => readSelftest(bytes, "it")).toThrow(/about another evaluator/);
  });
});

/** Puts a statement into a pack before its intent is signed, as a drill does. */
const into = (kept: KeptSelftest) => (dir: string) => copyFileSync(kept.file, join(dir, SELFTEST));
const verified = (dir: string): Promise<Verification> =>
  verifyPack(dir, { publicKeys: [bed.signer.fingerprint], recompute: analyzeSynthetic });
const failing = ({ checks }: Verification): CheckName[] =>
  checks.filter(({ outcome }) => outcome === "fail").map(({ name }) => name);
const said = ({ checks }: Verification): string => checks.find(({ name }) => name === "selftest")!.detail;
const script = (dir: string) =>
  spawnSync("sh", [join(dir, PACK.script), join(bed.root, "config/development.pub.pem")], { encoding: "utf8" });

let runs = 0;
const pack = (options: Parameters<typeof makePack>[1]) => makePack(bed, { run: `run-${++runs}`, ...options });

describe("a pack with a selftest", () => {
  test("says what it is worth, and verifies with and without Blackstart", async () => {
    const kept = await keep();
    const dir = await pack({ beforeIntent: into(kept) });
    const report = JSON.parse(readFileSync(join(dir, PACK.reportJson), "utf8")) as Report;
    expect(report.selftest).toEqual({
      sha256: kept.sha256,
      when: kept.predicate.when,
      ageMinutes: 42,
      evaluatorSha256: OWN,
      sameEvaluator: true,
      ok: true,
      planted: { count: 2, failed: [] },
      real: { count: 0, failed: [], notRun: [{ control: "selftest-postgres", why: "no engine" }] },
    });
    const verification = await verified(dir);
    expect(failing(verification)).toEqual([]);
    expect(said(verification)).toContain("of the evaluator that judged the drill: passed");
    expect(script(dir).stderr).toBe("");
    expect(script(dir).status).toBe(0);
  });

  test("says that it failed, and by what; or is another evaluator's, or from the future", async () => {
    const drill = { signedAt: hour(9), evaluator: { sha256: OWN } };
    const failed = await pack({ beforeIntent: into(await keep({ controls: [control(), control(false)] })) });
    expect(selftestOfPack(failed, drill)).toMatchObject({
      ok: false,
      planted: { count: 2, failed: ["balances: one unit too much"] },
    });
    expect(said(await verified(failed))).toContain("failed");
    const foreign = await pack({ beforeIntent: into(await keep({ evaluatorSha256: OTHER, when: hour(10) })) });
    expect(selftestOfPack(foreign, drill)).toMatchObject({ sameEvaluator: false, ageMinutes: null });
    expect(said(await verified(foreign))).toContain("of another evaluator");
    expect(failing(await verified(foreign))).toEqual([]);
  });

  test("without one says that there is none", async () => {
    const dir = await pack({});
    expect(failing(await verified(dir))).toEqual([]);
    expect(said(await verified(dir))).toBe("none was on record when the intent was signed, and the report says so");
  });
});

describe("whoever tampers with the selftest of a pack is found out", () => {
  const forge = (dir: string) =>
    edit(dir, SELFTEST, (text) => {
      const bundle = JSON.parse(text) as { dsseEnvelope: { payload: string } };
      const payload = parseBundle(Buffer.from(text), SELFTEST).payload.toString();
      bundle.dsseEnvelope.payload = Buffer.from(payload.replaceAll('"ok":false', '"ok":true')).toString("base64");
      return canonicalJson(bundle);
    });

  test("a failed control made to pass", async () => {
    const dir = await pack({ beforeIntent: into(await keep({ controls: [control(false)] })) });
    forge(dir);
    expect(failing(await verified(dir))).toEqual(["digests", "selftest"]);
    expect(script(dir).status).toBe(5);
  });

  test("the same before the pack is sealed, by whoever holds the folder", async () => {
    const dir = await pack({ beforeIntent: into(await keep({ controls: [control(false)] })), beforeSeal: forge });
    expect(failing(await verified(dir))).toEqual(["selftest", "recompute"]);
    expect(script(dir).stderr).toContain("the signature of raw/selftest.sigstore.json is not one by this key");
  });

  test("another one put in its place after the result, signed with the right key", async () => {
    const better = await keep({ when: hour(3) });
    const dir = await pack({
      beforeIntent: into(await keep({ controls: [control(false)] })),
      beforeSeal: into(better),
    });
    expect(failing(await verified(dir))).toEqual(["selftest", "recompute"]);
    expect(said(await verified(dir))).toContain("the one that the intent names");
  });

  test("one put in after the result where there was none, or taken away", async () => {
    const kept = await keep();
    const added = await pack({ beforeSeal: into(kept) });
    expect(failing(await verified(added))).toEqual(["selftest", "recompute"]);
    const taken = await pack({ beforeIntent: into(kept), beforeSeal: (dir) => rmSync(join(dir, SELFTEST)) });
    expect(failing(await verified(taken))).toEqual(["selftest", "recompute"]);
    const sealed = await pack({ beforeIntent: into(kept) });
    rmSync(join(sealed, SELFTEST));
    expect(failing(await verified(sealed))).toEqual(expect.arrayContaining(["files", "selftest"]));
  });

  test("one that a stranger signed", async () => {
    const dir = await pack({ beforeIntent: into(await keep({}, stranger)) });
    expect(failing(await verified(dir))).toEqual(["selftest"]);
    expect(said(await verified(dir))).toContain("is not pinned");
    expect(script(dir).status).toBe(5);
  });

  test("a report that tells another story of it", async () => {
    const younger = (report: Report): Report => ({ ...report, selftest: { ...report.selftest!, ageMinutes: 1 } });
    const dir = await pack({ beforeIntent: into(await keep()), report: younger });
    expect(failing(await verified(dir))).toEqual(["selftest", "recompute"]);
    const none = await pack({ beforeIntent: into(await keep()), report: (report) => ({ ...report, selftest: null }) });
    expect(failing(await verified(none))).toContain("selftest");
  });

  test("a statement of another kind under its name", async () => {
    const dir = await pack({});
    const intent = readFileSync(join(dir, PACK.intent));
    const swapped = await pack({ beforeIntent: (to) => writeFileSync(join(to, SELFTEST), intent) }).catch(
      (thrown: unknown) => (thrown as Error).message,
    );
    expect(swapped).toContain("not a Blackstart selftest");
  });
});
