import { describe, expect, it } from "vitest";
import type { Depot, DepotAccess } from "../../../archive.ts";
import type { ArchiveConfig } from "../archiver.ts";
import type { Shell } from "../shell.ts";
import { backupsIn, nameIn, open, verdictIn } from "./pgbackrest.ts";

const access: DepotAccess = {
  host: "10.0.0.2",
  port: 9001,
  tls: true,
  caPem: "-----BEGIN CERTIFICATE-----\n",
  accessKeyId: "key",
  secretAccessKey: "secret",
  region: "us-east-1",
  bucket: "archive",
  provider: "minio",
};

const archiver = (config: Partial<ArchiveConfig> = {}) =>
  open({
    config: { tool: "pgbackrest", to: "store", ...config },
    prefix: "db",
    segmentBytes: 16 * 1024 * 1024,
    access,
    depot: {} as Depot,
  });
const configuration = (config?: Partial<ArchiveConfig>) => archiver(config).files["pgbackrest.conf"]!.split("\n");

describe("its configuration", () => {
  it("has no passphrase unless it encrypts, and then another for every drill", () => {
    expect(configuration().filter((line) => line.includes("cipher"))).toEqual([]);
    const passphrase = () => configuration({ encrypted: true }).find((line) => line.startsWith("repo1-cipher-pass="))!;
    expect(passphrase().length).toBeGreaterThan(40);
    expect(passphrase()).not.toBe(passphrase());
  });

  it("is of use to nobody without the passphrase", () => {
    const { files, withoutPassphrase } = archiver({ encrypted: true });
    expect(Object.keys(withoutPassphrase!)).toEqual(Object.keys(files));
    const left = withoutPassphrase!["pgbackrest.conf"]!;
    expect(left).toContain("repo1-cipher-type=aes-256-cbc");
    expect(left).not.toContain("repo1-cipher-pass");
  });

  it("says what the scenario says, in pgBackRest's words", () => {
    const lines = configuration({ async: true, queueMax: 48 * 1024 * 1024, timeout: 2_500 });
    expect(lines).toEqual(
      expect.arrayContaining([
        "archive-async=y",
        "archive-push-queue-max=50331648",
        "io-timeout=2.5",
        "archive-timeout=2.5",
      ]),
    );
    expect(configuration().filter((line) => /async|queue|timeout/.test(line))).toEqual([]);
  });

  it("stands in no command", () => {
    const one = archiver({ encrypted: true });
    const commands = [
      one.settings["archive_command"],
      one.misconfigured!({ into: "other" }),
      one.restoreCommand("stock"),
    ];
    for (const command of commands) expect(command).not.toMatch(/secret|cipher/);
  });
});

it("can be sent astray, and be given a clock that is off", () => {
  expect(archiver().misconfigured!({ into: "other" })).toContain(" --repo1-path=/other archive-push ");
  const [ahead, behind] = [1_200, -1_200].map((skewSeconds) => archiver().misconfigured!({ skewSeconds }));
  expect(ahead).toBe(`faketime -f +1200s ${archiver().settings["archive_command"]}`);
  expect(behind).toMatch(/^faketime -f -1200s pgbackrest /);
});

it("rotates its passphrase: the old stanza goes before, the new one comes after every machine has the other", async () => {
  const one = archiver({ encrypted: true });
  const passphrase = () => /^repo1-cipher-pass=(.+)$/m.exec(one.files["pgbackrest.conf"]!)?.[1];
  const [before, done] = [passphrase(), [] as string[]];
  const on = { run: async (script: string) => (done.push(script.replaceAll(/pgbackrest \S+ \S+ /g, "")), "") };
  await one.rotateKey!(on as Partial<Shell> as Shell, async () => void done.push(String(passphrase() !== before)));
  expect(done[0]).toMatch(/^stop; for lock in .* flock .*; --force stanza-delete$/);
  expect(done.slice(1)).toEqual(["true", "start; stanza-create"]);
  expect([before, passphrase()].every((one) => /^[\w-]{43}$/.test(one ?? ""))).toBe(true);
});

const info = (change: object = {}) =>
  JSON.stringify([
    {
      name: "main",
      status: { code: 0, message: "ok" },
      repo: [{ key: 1, status: { code: 0, message: "ok" } }],
      backup: [
        {
          label: "20261125-003251F",
          type: "full",
          archive: { start: "0000000A0000000000000002", stop: "0000000A0000000000000002" },
          lsn: { start: "0/2000028", stop: "0/2000120" },
          info: { size: 23_626_791, delta: 23_626_791, repository: { delta: 2_820_672 } },
        },
        {
          label: "20261125-003251F_20261125-003300I",
          type: "incr",
          archive: { start: "0000000A0000000000000004", stop: "0000000A0000000000000004" },
          lsn: { start: "0/4000028", stop: "0/4000120" },
          info: { size: 23_700_000, delta: 9_000, repository: { delta: 1_000 } },
        },
      ],
      ...change,
    },
  ]);

describe("what it says of its backups", () => {
  it("is read with positions, timeline and both sizes", () => {
    expect(backupsIn(info())).toEqual([
      {
        label: "20261125-003251F",
        level: "full",
        startLsn: "0/2000028",
        stopLsn: "0/2000120",
        timeline: "10",
        bytes: 2_820_672,
        databaseBytes: 23_626_791,
      },
      expect.objectContaining({ level: "incremental", bytes: 1_000, databaseBytes: 23_700_000 }),
    ]);
  });

  it("is none where there is none, and an error where it could not be read", () => {
    expect(backupsIn(info({ status: { code: 2, message: "no valid backups" }, backup: [] }))).toEqual([]);
    const status = { code: 99, message: "other" };
    const repo = [{ key: 1, status: { code: 99, message: "[CryptoError] unable to load info file" } }];
    const quoting = info({ status, repo, backup: [] }).replace("info file", "info file: -O\u0007h\\n\u0001Y6");
    expect(() => backupsIn(quoting)).toThrow(/unable to load info file: -O h Y6$/);
    expect(() => backupsIn(info({ status, repo, backup: [] }))).toThrow(
      "pgBackRest cannot read the archive: other; [CryptoError] unable to load info file",
    );
    expect(() => backupsIn("[]")).toThrow("no stanza");
  });
});

const HASH = "0123456789abcdef0123456789abcdef01234567";

it.each([
  [`000000010000000000000003-${HASH}.zst`, "000000010000000000000003"],
  [`000000010000000000000004-${HASH}`, "000000010000000000000004"],
  [`000000010000000000000005.partial-${HASH}.zst`, "000000010000000000000005.partial"],
  ["00000002.history", "00000002.history"],
  ["000000010000000000000002.00000028.backup", null],
  ["archive.info", null],
])("%s is what the server calls %s", (file, name) => {
  expect(nameIn(`db/archive/main/17-1/0000000100000000/${file}`)).toBe(name);
});

const verified = (status: string, counts: string) => `stanza: main
status: ${status}
  archiveId: 17-1, total WAL checked: 82, total valid WAL: 82
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261125-014042F, status: valid, total files checked: 975, total valid files: 975
    ${counts}
`;

it.each([
  [
    "finds nothing",
    0,
    verified("ok", "missing: 0, checksum invalid: 0, size invalid: 0, other: 0"),
    false,
    /^stanza: main; status: ok; /,
  ],
  [
    "counts what is damaged",
    0,
    verified("error", "missing: 0, checksum invalid: 2, size invalid: 0, other: 0"),
    true,
    /^status: error; missing: 0, checksum invalid: 2, /,
  ],
  ["says nothing", 0, "", false, /^verify said nothing$/],
])("a check that %s", (_name, code, text, noticed, detail) => {
  expect(verdictIn(code, text)).toEqual({ noticed, detail: expect.stringMatching(detail) as unknown });
});

it("a check that ends with an error has not looked", () => {
  expect(() => verdictIn(82, "ERROR: [082]: no")).toThrow("ERROR: [082]: no");
});
