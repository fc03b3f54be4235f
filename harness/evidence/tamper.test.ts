/** The tampering matrix of evidence.md: each row changes a sealed pack, and the check that must notice is named. */
import { createPublicKey, generateKeyPairSync, randomInt } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../drill/random.ts";
import type { Report } from "../report.ts";
import { signBundle, parseBundle } from "./dsse.ts";
import { packFiles, sha256 } from "./files.ts";
import { canonicalJson } from "./json.ts";
import { fileSigner, keygen, ledgerKey, type Signer } from "./keys.ts";
import { leafHash, rootOf } from "./merkle.ts";
import { makeProof } from "./ledger-proof.ts";
import { signCheckpoint } from "./note.ts";
import { PACK } from "./pack-files.ts";
import { PREDICATE_TYPES, parseStatement } from "./statement.ts";
import { analyzeSynthetic, edit, makePack, testBed, type TestBed } from "./testing.ts";
import { verifyPack, type CheckName, type Verification } from "./verify.ts";
import { checkLedger } from "./verify-ledger.ts";

let bed: TestBed;
let stranger: Signer;
let strangerBed: TestBed;
/** The same three runs for every row: the second one failed. */
let original: string;
let dir: string;
const RUN = "run-3";

beforeAll(async () => {
  bed = testBed();
  strangerBed = testBed();
  stranger = fileSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "attested");
  await makePack(bed, { run: "run-1" });
  await makePack(bed, { run: "run-2", lost: 4 });
  await makePack(bed, { run: RUN, lost: 2 });
  original = join(bed.root, "original");
  renameSync(bed.reports, original);
});
afterAll(() => [bed, strangerBed].forEach((each) => each.remove()));
beforeEach(() => {
  rmSync(bed.reports, { recursive: true, force: true });
  cpSync(original, bed.reports, { recursive: true });
  dir = join(bed.reports, RUN);
});

const pinned = () => [createPublicKey({ key: bed.signer.spki, format: "der", type: "spki" })];
const verified = (pack = dir): Promise<Verification> =>
  verifyPack(pack, { publicKeys: pinned(), recompute: analyzeSynthetic, ledgerDir: bed.reports });
const failed = ({ checks }: Verification): CheckName[] => checks.filter((c) => c.outcome === "fail").map((c) => c.name);
const detail = ({ checks }: Verification, name: CheckName): string => checks.find((c) => c.name === name)?.detail ?? "";

interface Payload {
  predicateType: string;
  subject: { name: string; digest: { sha256: string } }[];
  predicate: { [key: string]: unknown; result: { verdict: string; lost: { count: number } } };
}
const payloadOf = (file: string): Payload =>
  JSON.parse(parseBundle(readFileSync(join(dir, file)), file).payload.toString()) as Payload;

/** Puts another payload under the signature that is there. */
const forge = (file: string, change: (payload: Payload) => void): void => {
  const payload = payloadOf(file);
  change(payload);
  edit(dir, file, (text) => {
    const bundle = JSON.parse(text) as { dsseEnvelope: { payload: string } };
    bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(payload)).toString("base64");
    return canonicalJson(bundle);
  });
};

/** Signs a changed payload anew, with the subjects brought up to date: what whoever has a key can do to a pack. */
const resign = async (
  signer: Signer,
  change: (payload: Payload) => void = () => undefined,
  file: string = PACK.report,
): Promise<void> => {
  const payload = payloadOf(file);
  change(payload);
  for (const subject of payload.subject) subject.digest.sha256 = sha256(readFileSync(join(dir, subject.name)));
  writeFileSync(join(dir, file), await signBundle(Buffer.from(JSON.stringify(payload)), signer));
};
/** The same with a statement that names the new key, as an attacker with a key of his own would do it. */
const adopt = (signer: Signer) => (payload: Payload) => {
  payload.predicate["signer"] = {
    role: "attested",
    fingerprint: signer.fingerprint,
    publicKey: signer.spki.toString("base64"),
  };
};

test("the pack verifies as long as nobody touches it", async () => {
  const verification = await verified();
  expect(failed(verification)).toEqual([]);
  expect(verification).toMatchObject({
    ok: true,
    verdict: "fail",
    class: "development",
    run: RUN,
    fingerprint: bed.signer.fingerprint,
  });
});

/** Each row: what is done, and every check that fires because of it. */
const rows: [name: string, tamper: () => void | Promise<void>, fires: CheckName[]][] = [
  [
    "number in payload",
    () => forge(PACK.report, (p) => (p.predicate.result.lost.count = 0)),
    ["signature", "figures", "ledger-proof"],
  ],
  [
    "verdict in payload",
    () => forge(PACK.report, (p) => (p.predicate.result.verdict = "pass")),
    ["signature", "figures", "ledger-proof"],
  ],
  [
    "raw sample edited",
    () => edit(dir, "raw/operations.jsonl", (t) => t.replace('"outcome":"ok"', '"outcome":"info"')),
    ["digests"],
  ],
  [
    "lost write put into the read-back",
    () =>
      edit(dir, "raw/recovered.jsonl", (t) => `${t}{"op":"op-19","store":"db","sha256":"${sha256("payload 19")}"}\n`),
    ["digests"],
  ],
  [
    "scenario edited: objective loosened",
    () => edit(dir, PACK.scenario, (t) => t.replace("5m", "9m")),
    ["digests", "plan"],
  ],
  ["plan edited", () => edit(dir, PACK.plan, (t) => t.replace("300000", "900000")), ["digests", "plan"]],
  ["policy edited", () => edit(dir, PACK.policy, (t) => t.replace("5m", "9m")), ["digests", "plan"]],
  ["event edited", () => edit(dir, PACK.journal, (t) => t.replace("db.primary", "db.standby")), ["digests", "journal"]],
  ["last journal line cut", () => edit(dir, PACK.journal, (t) => t.slice(0, -10)), ["digests", "journal"]],
  [
    "last journal line removed whole",
    () => edit(dir, PACK.journal, (t) => t.slice(0, t.trimEnd().lastIndexOf("\n") + 1)),
    ["digests", "journal"],
  ],
  [
    "event removed and re-linked",
    () => edit(dir, PACK.journal, relinkWithout("fault-effective")),
    ["digests", "journal"],
  ],
  [
    "host facts edited",
    () => edit(dir, PACK.host, (t) => t.replace('"dirty": true', '"dirty": false')),
    ["digests", "class", "plan"],
  ],
  [
    "report.json edited",
    () => edit(dir, PACK.reportJson, (t) => t.replace('"upperMs": 931', '"upperMs": 831')),
    ["digests", "figures"],
  ],
  [
    "verdict in report.json edited",
    () => edit(dir, PACK.reportJson, (t) => t.replace('"verdict": "fail"', '"verdict": "pass"')),
    ["digests", "figures"],
  ],
  ["report.html edited", () => edit(dir, "views/report.html", (t) => t.replace("fail", "pass")), ["digests"]],
  [
    "verify.sh replaced by one that always agrees",
    () => writeFileSync(join(dir, PACK.script), "exit 0\n"),
    ["digests"],
  ],
  [
    "file replaced by another pack's",
    () => cpSync(join(bed.reports, "run-1/views/report.html"), join(dir, "views/report.html")),
    ["digests"],
  ],
  [
    "file replaced by a link to the same bytes",
    () => (
      renameSync(join(dir, "views/report.html"), join(bed.root, "elsewhere")),
      symlinkSync(join(bed.root, "elsewhere"), join(dir, "views/report.html"))
    ),
    ["files", "digests"],
  ],
  ["file removed", () => rmSync(join(dir, "raw/probes.jsonl")), ["files"]],
  ["file added", () => writeFileSync(join(dir, "raw/extra.jsonl"), ""), ["files"]],
  ["hidden file added", () => writeFileSync(join(dir, ".extra"), ""), ["files"]],
  ["file with a newline in its name added", () => writeFileSync(join(dir, "a\nb"), ""), ["files"]],
  ["development mark removed", () => rmSync(join(dir, PACK.marker)), ["files", "class"]],
  [
    "wrong predicate type",
    () => forge(PACK.report, (p) => (p.predicateType = "https://slsa.dev/provenance/v1")),
    ["statement"],
  ],
  ["intent shown as the report", () => cpSync(join(dir, PACK.intent), join(dir, PACK.report)), ["statement"]],
  [
    "development relabelled attested",
    () => forge(PACK.report, relabel),
    ["signature", "class", "ledger-proof", "figures"],
  ],
  ["re-signed with another key", () => resign(stranger), ["signature", "ledger-proof"]],
  [
    "re-signed with another key that the statement names",
    () => resign(stranger, adopt(stranger)),
    ["signature", "figures", "ledger-proof"],
  ],
  ["the pinned key's hint over another key's signature", () => keepHint(stranger), ["signature", "ledger-proof"]],
  [
    "a second signature added",
    () => edit(dir, PACK.report, (t) => t.replace(/"signatures":\[(.*?)\]/, '"signatures":[$1,$1]')),
    ["bundle"],
  ],
  [
    "intent swapped for another run's",
    () => cpSync(join(bed.reports, "run-1", PACK.intent), join(dir, PACK.intent)),
    ["digests", "intent"],
  ],
  [
    "intent re-signed by a stranger with looser objectives",
    () =>
      resign(
        stranger,
        (p) => (adopt(stranger)(p), (p.predicate["objectives"] = { recoveryTimeMs: 900_000 })),
        PACK.intent,
      ),
    ["digests", "intent"],
  ],
  ["intent removed", () => rmSync(join(dir, PACK.intent)), ["files", "intent"]],
  ["ledger proof removed", () => rmSync(join(dir, PACK.proof)), ["files", "ledger-proof"]],
  [
    "ledger proof of another run",
    () => cpSync(join(bed.reports, "run-1", "ledger"), join(dir, "ledger"), { recursive: true }),
    ["ledger-proof"],
  ],
  ["hidden run: a failed one cut out of the ledger", () => cutFromLedger("run-2"), ["ledger"]],
  [
    "ledger entry removed and the tree rebuilt without the key",
    () => (cutFromLedger("run-2"), signLedger(ledgerKey(strangerBed.env))),
    ["ledger"],
  ],
  [
    "ledger entry removed and the tree rebuilt with the key",
    () => (cutFromLedger("run-2"), signLedger(ledgerKey(bed.env))),
    ["ledger"],
  ],
  ["ledger rolled back to before the run", () => (keepLedger(4), signLedger(ledgerKey(bed.env))), ["ledger"]],
];

const relabel = (payload: Payload): void => {
  payload.predicateType = PREDICATE_TYPES.report.attested;
  Object.assign(payload.predicate, { class: "attested", classReasons: [] });
};

/** Removes an event and makes the chain whole again, as somebody does who knows the format. */
function relinkWithout(kind: string): (text: string) => string {
  return (text) => {
    const events = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; prev: string; kind: string });
    let prev = "0".repeat(64);
    const relinked = events
      .filter((event) => event.kind !== kind)
      .map((event, seq) => {
        const line = JSON.stringify({ ...event, seq, prev });
        prev = sha256(line);
        return `${line}\n`;
      });
    return relinked.join("");
  };
}

async function keepHint(signer: Signer): Promise<void> {
  const before = JSON.parse(readFileSync(join(dir, PACK.report), "utf8")) as { verificationMaterial: unknown };
  await resign(signer);
  edit(dir, PACK.report, (text) =>
    canonicalJson({ ...(JSON.parse(text) as object), verificationMaterial: before.verificationMaterial }),
  );
}

const ledgerFile = (name: string): string => join(bed.reports, "ledger", name);
const ledgerLines = (): string[] => readFileSync(ledgerFile("entries.jsonl"), "utf8").trimEnd().split("\n");
const writeLedger = (lines: string[]): void =>
  writeFileSync(ledgerFile("entries.jsonl"), lines.map((l) => `${l}\n`).join(""));

/** Cuts a run out and renumbers what follows, so that no gap is left to see. */
function cutFromLedger(run: string): void {
  const kept = ledgerLines()
    .map((line) => JSON.parse(line) as { run: string; index: number; intent?: number })
    .filter((entry) => entry.run !== run);
  const renumbered = kept.map((entry, index) => ({ ...entry, index, ...("intent" in entry && { intent: index - 1 }) }));
  writeLedger(renumbered.map((entry) => JSON.stringify(entry)));
  rmSync(join(bed.reports, run), { recursive: true });
}
const keepLedger = (size: number): void => writeLedger(ledgerLines().slice(0, size));
function signLedger(key: ReturnType<typeof ledgerKey>): void {
  const origin = readFileSync(ledgerFile("checkpoint"), "utf8").split("\n", 1)[0]!;
  const leaves = ledgerLines().map(leafHash);
  writeFileSync(ledgerFile("checkpoint"), signCheckpoint({ origin, size: leaves.length, root: rootOf(leaves) }, key));
}

describe("tampering", () => {
  test.each(rows)("%s is refused", async (_name, tamper, fires) => {
    await tamper();
    const verification = await verified();
    expect(verification.ok).toBe(false);
    expect(failed(verification).toSorted()).toEqual(fires.toSorted());
  });
});

describe("trust", () => {
  test("without a pinned key nothing is ever verified, and the claimed key is shown", async () => {
    const verification = await verifyPack(dir, { publicKeys: [] });
    expect(verification.ok).toBe(false);
    expect(detail(verification, "key")).toContain(bed.signer.fingerprint);
    expect(detail(verification, "signature")).toBe("needs key");
  });

  test("own key shipped with the pack: a whole forged pack is only worth the key that was pinned", async () => {
    const forger = testBed({ BLACKSTART_SIGNING_KEY: keygen(join(bed.root, `forger-${randomInt(1e9)}.pem`)).key });
    const forged = await makePack(forger, {
      beforeSeal: (pack) => writeFileSync(join(pack, "trust-me.pub.pem"), "a key"),
    });
    expect((await verifyPack(forged, { publicKeys: [forger.signer.fingerprint] })).ok).toBe(true);
    const verification = await verifyPack(forged, { publicKeys: pinned() });
    expect(failed(verification)).toEqual(["signature", "intent"]);
    expect(detail(verification, "signature")).toContain("is not pinned");
    forger.remove();
  });

  test("a fingerprint is enough: the key that the statement carries is used only when it has this fingerprint", async () => {
    expect((await verifyPack(dir, { publicKeys: [bed.signer.fingerprint] })).ok).toBe(true);
    await resign(stranger, adopt(stranger));
    const verification = await verifyPack(dir, { publicKeys: [bed.signer.fingerprint] });
    expect(failed(verification)).toContain("signature");
  });

  test("a development run never satisfies a demand for attested evidence", async () => {
    const verification = await verifyPack(dir, { publicKeys: pinned(), requireClass: "attested" });
    expect(failed(verification)).toEqual(["class"]);
    expect(detail(verification, "class")).toContain("nobody outside of this host saw the intent");
  });
});

/** The worst case: whoever has the signing key, and the ledger's, lies. What remains is what the pack says against itself. */
describe("an insider with the keys", () => {
  const fresh = async (options: Parameters<typeof makePack>[1]): Promise<Verification> => {
    const insider = testBed();
    const pack = await makePack(insider, options);
    const publicKeys = [insider.signer.fingerprint];
    const verification = await verifyPack(pack, {
      publicKeys,
      recompute: analyzeSynthetic,
      ledgerDir: insider.reports,
    });
    insider.remove();
    return verification;
  };

  test("verdict edited before sealing: derived again it comes out otherwise", async () => {
    const lie = (report: Report): Report => ({
      ...report,
      verdict: "pass",
      exitCode: 0,
      lost: { ...report.lost, count: 0 },
    });
    const verification = await fresh({ lost: 3, report: lie });
    expect(failed(verification)).toEqual(["recompute"]);
    expect(detail(verification, "recompute")).toContain('verdict: "fail" is not "pass"');
  });

  test("intent after fault", async () => {
    const verification = await fresh({ intentAfterFault: true });
    expect(failed(verification)).toEqual(["order"]);
    expect(detail(verification, "order")).toContain("after the first fault");
  });

  test("verdict edited after sealing, everything signed again: the ledger holds another report", async () => {
    edit(dir, PACK.reportJson, (text) => text.replace('"verdict": "fail"', '"verdict": "pass"'));
    await resign(bed.signer, (p) => (p.predicate.result.verdict = "pass"));
    expect(failed(await verified())).toEqual(["ledger-proof", "recompute"]);
  });

  test("everything signed again and entered in a new ledger: the signed intent holds the old one", async () => {
    edit(dir, PACK.reportJson, (text) => text.replace('"verdict": "fail"', '"verdict": "pass"'));
    await resign(bed.signer, (p) => (p.predicate.result.verdict = "pass"));
    cutFromLedger("run-2");
    const lines = ledgerLines().map((line) => JSON.parse(line) as Record<string, unknown>);
    Object.assign(lines.at(-1)!, { bundleSha256: sha256(readFileSync(join(dir, PACK.report))), verdict: "pass" });
    writeLedger(lines.map((line) => JSON.stringify(line)));
    signLedger(ledgerKey(bed.env));
    cpSync(ledgerFile("checkpoint"), join(dir, PACK.checkpoint));
    writeFileSync(join(dir, PACK.proof), canonicalJson(makeProof(ledgerLines(), lines.length - 2, lines.length - 1)));
    const verification = await verified();
    expect(failed(verification)).toEqual(["ledger-proof", "recompute"]);
    expect(detail(verification, "ledger-proof")).toMatch(/rewritten/);
  });

  test("development relabelled and signed again: the pack's own facts allow no more", async () => {
    const relabelled = (report: Report): Report => ({ ...report, class: "attested", classReasons: [] });
    await expect(fresh({ report: relabelled })).rejects.toThrow(/contradicts itself.*class/);
    await resign(bed.signer, relabel);
    expect(failed(await verified())).toEqual(["class", "figures", "ledger-proof"]);
  });

  test("attempts hidden: ten tries cannot be shown as the first", () => {
    const intent = parseStatement(
      parseBundle(readFileSync(join(dir, PACK.intent)), "i").payload,
      "intent",
      "i",
    ).predicate;
    expect(intent.attempts).toEqual({ number: 3, windowDays: 30, passed: 1, failed: 1, other: 0 });
    const head = { origin: "", size: 0, root: rootOf([]) };
    const check = (attempts: typeof intent.attempts) =>
      checkLedger(join(bed.reports, "ledger"), intent.ledger.key, { head }, { ...intent, attempts });
    expect(check(intent.attempts)).toContain("6 entries without a gap");
    expect(() => check({ ...intent.attempts, number: 1, failed: 0 })).toThrow(
      /attempts in ledger and intent.number: 3 is not 1/,
    );
  });

  test("a run that never entered the ledger, found beside it", async () => {
    const other = testBed();
    await makePack(other, { run: "unentered" });
    cpSync(join(other.reports, "unentered"), join(bed.reports, "unentered"), { recursive: true });
    const verification = await verified();
    expect(failed(verification)).toEqual(["ledger"]);
    expect(detail(verification, "ledger")).toContain("has a signed intent and is not in the ledger");
    other.remove();
  });

  test("an unsealed pack is not evidence", async () => {
    rmSync(join(dir, PACK.report));
    const verification = await verified();
    expect(failed(verification)).toEqual(["bundle"]);
    expect(detail(verification, "bundle")).toBe("report.sigstore.json is missing");
  });
});

describe("strangers' input", () => {
  test.each<[string, string, string | Buffer]>([
    ["300 kB of brackets", PACK.report, "[".repeat(300_000)],
    ["binary", PACK.report, Buffer.from([0, 1, 2, 255])],
    ["an empty file", PACK.report, ""],
    ["a bundle of 33 MB", PACK.report, Buffer.alloc(33 * 2 ** 20, 32)],
    ["a checkpoint of 20 kB", PACK.checkpoint, "x".repeat(20_000)],
    ["a proof that is null", PACK.proof, "null\n"],
    ["a proof with an entry of 300 kB", PACK.proof, `{"entry":"${"x".repeat(300_000)}"}\n`],
    ["an intent that is a number", PACK.intent, "7\n"],
    ["a plan that is an array", PACK.plan, "[]"],
    ["a host that is a string", PACK.host, '"x"'],
    ["images that are an object", PACK.images, "{}"],
    ["a report.json that is null", PACK.reportJson, "null"],
    ["a journal of 100,000 broken lines", PACK.journal, "x\n".repeat(100_000)],
  ])("%s is refused in plain words and in time", async (_what, file, content) => {
    chmodSync(join(dir, file), 0o644);
    writeFileSync(join(dir, file), content);
    const start = process.threadCpuUsage(); // whatever else keeps the machine busy is no slowness of ours
    const verification = await verified();
    expect(verification.ok).toBe(false);
    for (const check of verification.checks) expect(check.detail).not.toMatch(/TypeError|undefined|\n/);
    expect(process.threadCpuUsage(start).user / 1_000).toBeLessThan(2_000);
  });

  test("folders inside folders without end are refused", async () => {
    mkdirSync(join(dir, "a/".repeat(200)), { recursive: true });
    expect(failed(await verified())).toEqual(["files"]);
  });

  test("a folder that is not there, and one that is a file", async () => {
    expect(failed(await verified(join(dir, "none")))).toEqual(["bundle"]);
    expect(failed(await verified(join(dir, PACK.report)))).toEqual(["bundle"]);
  });

  test("subjects that point out of the pack are refused even when they are signed", async () => {
    await resign(bed.signer, (p) => (p.subject[0]!.name = "../ledger/entries.jsonl"));
    const verification = await verified();
    expect(failed(verification)).toEqual(["statement"]);
    expect(detail(verification, "statement")).toContain("not a name inside a pack");
  });

  test("control characters never reach the terminal", async () => {
    writeFileSync(join(dir, "\u001b[2J\u001b[31mpass"), "");
    const text = (await verified()).checks.map((check) => check.detail).join("");
    expect(text).toContain("\\u001b[2J");
    expect(text).not.toMatch(/[\u0000-\u001f]/);
  });
});

const MUTATIONS = 10_000;
/** How a file is changed: `at` is one of its bytes, and `byte` is never the one that stands there. */
const mutations: Readonly<Record<string, (before: Buffer, at: number, byte: number) => Uint8Array>> = {
  changed: (before, at, byte) => before.with(at, byte),
  inserted: (before, at, byte) => Buffer.concat([before.subarray(0, at), Buffer.of(byte), before.subarray(at)]),
  deleted: (before, at) => Buffer.concat([before.subarray(0, at), before.subarray(at + 1)]),
  truncated: (before, at) => before.subarray(0, at),
};

test(
  `${MUTATIONS} seeded mutations, of every file of the pack in turn: each one is refused`,
  { timeout: 300_000 },
  async () => {
    const random = seededRandom(20_261_123);
    const below = (n: number): number => Math.floor(random() * n);
    const { files } = packFiles(dir);
    const publicKeys = pinned();
    const unnoticed: string[] = [];
    for (const file of files) chmodSync(join(dir, file), 0o644);
    for (let i = 0; i < MUTATIONS; i += 1) {
      const file = files[i % files.length]!;
      const path = join(dir, file);
      const before = readFileSync(path);
      const at = below(before.length);
      const byte = (before[at]! + 1 + below(255)) % 256;
      const [kind, mutate] = Object.entries(mutations)[below(4)]!;
      writeFileSync(path, mutate(before, at, byte));
      if ((await verifyPack(dir, { publicKeys })).ok)
        unnoticed.push(`${file} offset ${at} ${kind}: ${before[at]} and ${byte}`);
      writeFileSync(path, before);
    }
    expect(unnoticed).toEqual([]);
    expect((await verifyPack(dir, { publicKeys })).ok).toBe(true);
  },
);
