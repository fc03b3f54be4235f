import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkRules, type KeyRules, readKeyring } from "./keyring.ts";
import { makePack, type TestBed, testBed } from "./testing.ts";
import { verifyPack } from "./verify.ts";

let bed: TestBed;
beforeEach(() => void (bed = testBed()));
afterEach(() => bed.remove());

const ms = (day: string): number => Date.parse(day);
const RULES: KeyRules = {
  name: "drills 2026",
  roles: ["drill"],
  fromMs: ms("2026-01-01"),
  untilMs: ms("2027-01-01"),
  revoked: null,
};
const revoked: KeyRules = { ...RULES, revoked: { atMs: ms("2026-06-01"), because: "laptop stolen" } };
const at = (claimed: string, proven: string | null = null) => ({
  claimedMs: ms(claimed),
  provenMs: proven === null ? null : ms(proven),
});

describe("a key of a keyring", () => {
  test("holds within its time and for its role", () => {
    expect(checkRules(RULES, "drill", at("2026-05-01"))).toContain(
      "drills 2026: drill, valid from 2026-01-01 until 2027-01-01",
    );
    expect(() => checkRules(RULES, "period", at("2026-05-01"))).toThrow("may sign as drill, and this is a period");
    expect(() => checkRules(RULES, "drill", at("2025-12-31"))).toThrow("is valid from 2026-01-01 until 2027-01-01");
    expect(() => checkRules(RULES, "drill", at("2027-01-01"))).toThrow(
      "signed 2027-01-01T00:00:00.000Z, by its own word",
    );
  });

  test("a time stamp counts before its own word", () => {
    expect(() => checkRules(RULES, "drill", at("2026-05-01", "2027-02-01"))).toThrow("by a time stamp");
  });

  test("a revoked one's word counts for nothing, and a time stamp from before for everything", () => {
    expect(() => checkRules(revoked, "drill", at("2026-05-01"))).toThrow("was revoked on 2026-06-01 (laptop stolen)");
    expect(checkRules(revoked, "drill", at("2026-05-01", "2026-05-01"))).toContain("by a time stamp");
    expect(() => checkRules(revoked, "drill", at("2026-05-01", "2026-06-01"))).toThrow("was revoked");
  });
});

describe("a keyring's file", () => {
  const written = (text: string): string => {
    const file = join(bed.root, "keyring.yaml");
    writeFileSync(file, text);
    return file;
  };
  const entry = (changes: Readonly<Record<string, unknown>> = {}) =>
    JSON.stringify({
      keys: [
        {
          name: "a",
          fingerprint: bed.signer.fingerprint,
          roles: ["drill"],
          from: "2026-01-01",
          until: "2099-01-01",
          ...changes,
        },
      ],
    });

  test("makes the pack of its key verify, and that of no other", async () => {
    const dir = await makePack(bed);
    const outcome = async (text: string) => {
      const { ok, checks } = await verifyPack(dir, { publicKeys: readKeyring(written(text)) });
      return [ok, ...checks.filter((check) => check.outcome === "fail").map(({ name }) => name)];
    };
    expect(await outcome(entry())).toEqual([true]);
    expect(await outcome(entry({ roles: ["period"] }))).toEqual([false, "keyring"]);
    expect(await outcome(entry({ until: "2026-02-01" }))).toEqual([false, "keyring"]);
    expect(await outcome(entry({ revoked: { on: "2098-01-01", because: "stolen" } }))).toEqual([false, "keyring"]);
    expect((await outcome(entry({ fingerprint: "0".repeat(64) })))[0]).toBe(false);
  });

  test("takes a PEM file that lies beside it", async () => {
    const pem = join(bed.root, "config", "development.pub.pem");
    const [key] = readKeyring(written(entry({ fingerprint: undefined, publicKey: pem })));
    expect((await verifyPack(await makePack(bed), { publicKeys: [key!] })).ok).toBe(true);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["neither key nor fingerprint", { fingerprint: undefined }, "either publicKey or fingerprint is expected"],
    ["a role that is none", { roles: ["admin"] }, "keys.0.roles.0: "],
    ["an end before its beginning", { until: "2025-01-01" }, "until must lie after from"],
    ["a misspelt key", { untill: "2027-01-01" }, "untill"],
    ["a file that is no key", { fingerprint: undefined, publicKey: "keyring.yaml" }, "is not a P-256 public key"],
  ])("%s is refused with exit 2", (_what, changes, words) => {
    expect(() => readKeyring(written(entry(changes)))).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(words) as unknown }),
    );
  });

  test("one key twice, and a bomb of aliases, are refused", () => {
    const one = JSON.parse(entry()) as { keys: object[] };
    expect(() => readKeyring(written(JSON.stringify({ keys: [one.keys[0], one.keys[0]] })))).toThrow("twice");
    expect(() => readKeyring(written("a: &a [1]\nkeys: [*a, *a]\n"))).toThrow("cannot be read");
  });
});
