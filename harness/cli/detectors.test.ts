import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Matrix } from "../render/matrix.ts";
import { renderJson } from "../render/json.ts";
import { report } from "../render/testing.ts";
import type { Report } from "../report.ts";
import { detectorsCommand } from "./detectors.ts";

// What a pack comes to, and whether it verifies, is the business of others and their tests; here it is known, by run.
const { truths, verified } = vi.hoisted(() => ({ truths: new Map<string, unknown>(), verified: [] as string[] }));
vi.mock("../analyze.ts", () => ({ analyzePack: (dir: string) => Promise.resolve(truths.get(basename(dir))) }));
vi.mock("../evidence/verify.ts", () => ({
  verifyPack: (dir: string) => {
    verified.push(basename(dir));
    return Promise.resolve({ ok: true, checks: [] });
  },
}));

let folder = "";
let reports = "";
let written = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blackstart-detectors-"));
  reports = join(folder, "reports");
  mkdirSync(reports);
  [written, verified.length] = ["", 0];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      written += stream === process.stdout ? String(chunk) : "";
      return true;
    });
});
afterEach(() => {
  truths.clear();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const looked: Pick<Report, "inspection"> = { inspection: { since: null, rows: [], leftBehind: false } };

/** A pack of a day in November: what its own report says it is of, and what judging it again comes to. */
function pack(day: number, scenario: string, truth = scenario): string {
  const run = `2026-11-${day}T10-00-00Z-aaaa`;
  const startedAt = `2026-11-${day}T10:00:00.000Z`;
  mkdirSync(join(reports, run, "views"), { recursive: true });
  writeFileSync(
    join(reports, run, "views", "report.json"),
    renderJson(report({ run, scenario, startedAt, ...looked })),
  );
  truths.set(run, report({ run, scenario: truth, startedAt, ...looked }));
  return run;
}

async function detectors(options: {
  html?: string;
  publicKey?: string[];
  fingerprint?: string[];
  reports?: string;
}): Promise<Matrix> {
  await detectorsCommand.handler({
    reports,
    html: undefined,
    publicKey: [],
    fingerprint: [],
    keyring: [],
    tsaCertificate: [],
    worm: false,
    json: "document",
    ...options,
    _: [],
    $0: "",
  });
  return JSON.parse(written) as Matrix;
}

const rowsOf = ({ scenarios }: Matrix): string[] => scenarios.map(({ scenario, run }) => `${scenario} ${run}`);

function keyFile(path: string): string {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(path, publicKey.export({ type: "spki", format: "pem" }));
  return path;
}

describe("the newest of each scenario", () => {
  test("is judged, and older ones are not read", async () => {
    pack(21, "one");
    const [two, one] = [pack(22, "two"), pack(23, "one")];
    expect(rowsOf(await detectors({}))).toEqual([`one ${one}`, `two ${two}`]);
    expect(verified).toEqual([one, two]);
  });

  test("stands against an older run that says it is of another scenario", async () => {
    pack(21, "other", "one");
    const newest = pack(23, "one");
    expect(rowsOf(await detectors({}))).toEqual([`one ${newest}`]);
  });

  test("gives way where it does not count, and is named", async () => {
    const [older, newest] = [pack(21, "one"), pack(23, "one")];
    truths.set(newest, report({ overrides: ["seed=1"], ...looked }));
    const matrix = await detectors({});
    expect(rowsOf(matrix)).toEqual([`one ${older}`]);
    expect(matrix.leftOut).toEqual([{ run: newest, why: expect.stringContaining("overridden") as string }]);
  });
});

describe("a key", () => {
  test("that is none, and a fingerprint that is none, are said once and no pack is read", async () => {
    pack(21, "one");
    writeFileSync(join(folder, "no.pem"), "no key");
    for (const wrong of [
      { publicKey: [join(folder, "no.pem")] },
      { publicKey: [join(folder, "nowhere.pem")] },
      { fingerprint: ["abc"] },
    ])
      await expect(detectors(wrong)).rejects.toMatchObject({ exitCode: 2 });
    expect(verified).toEqual([]);
  });

  test("that lies in a pack is refused, by whatever path", async () => {
    const run = pack(21, "one");
    const own = keyFile(join(reports, run, "own.pem"));
    symlinkSync(reports, join(folder, "link"));
    symlinkSync(own, join(folder, "own.pem"));
    for (const publicKey of [own, join(folder, "link", run, "own.pem"), join(folder, "own.pem")])
      for (const from of [reports, join(folder, "link")])
        await expect(detectors({ publicKey: [publicKey], reports: from })).rejects.toMatchObject({
          exitCode: 5,
          message: expect.stringContaining("lies in the pack") as string,
        });
    expect(verified).toEqual([]);
  });

  test("from elsewhere is what the packs are verified under", async () => {
    pack(21, "one");
    const { scenarios } = await detectors({ publicKey: [keyFile(join(folder, "own.pem"))] });
    expect(scenarios[0]?.verified).toBe(true);
  });
});

describe("--html", () => {
  test("writes the page", async () => {
    pack(21, "one");
    await detectors({ html: join(folder, "page.html") });
    expect(readFileSync(join(folder, "page.html"), "utf8")).toContain("What notices what");
  });

  test("never into a pack and never where there is no folder, which is said before any pack is read", async () => {
    const run = pack(21, "one");
    symlinkSync(join(reports, run), join(folder, "link"));
    for (const html of [join(reports, run, "x.html"), join(folder, "link", "x.html")]) {
      await expect(detectors({ html })).rejects.toThrow("lies inside the pack, which is sealed");
      expect(existsSync(html)).toBe(false);
    }
    await expect(detectors({ html: join(folder, "nowhere", "x.html") })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("does not exist") as string,
    });
    expect(verified).toEqual([]);
  });
});
