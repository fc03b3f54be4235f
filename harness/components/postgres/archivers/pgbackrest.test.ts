import { describe, expect, it } from "vitest";
import type { Depot, DepotAccess } from "../../../component.ts";
import type { ArchiveConfig } from "../archiver.ts";
import { backupsIn, open, segmentsIn } from "./pgbackrest.ts";

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
    version: 17,
    config: { tool: "pgbackrest", to: "store", ...config },
    prefix: "db",
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
    const { settings, archiveCommand, restoreCommand } = { ...archiver({ encrypted: true }), ...commands() };
    for (const command of [settings["archive_command"], archiveCommand, restoreCommand])
      expect(command).not.toMatch(/secret|cipher/);
  });
});

function commands() {
  const one = archiver({ encrypted: true });
  return { archiveCommand: one.archiveCommand({ into: "other" }), restoreCommand: one.restoreCommand("stock") };
}

it("can be sent astray, but has no clock of its own", () => {
  expect(archiver().archiveCommand({ into: "other" })).toContain(" --repo1-path=/other archive-push ");
  expect(archiver().archiveCommand({ skewSeconds: 1_200 })).toBeNull();
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
    expect(() => backupsIn(info({ status, repo, backup: [] }))).toThrow(
      "pgBackRest cannot read the archive: other; [CryptoError] unable to load info file",
    );
    expect(() => backupsIn("[]")).toThrow("no stanza");
  });
});

it("finds the segments among its files", () => {
  const hash = "0123456789abcdef0123456789abcdef01234567";
  const folder = "db/archive/main/17-1/0000000100000000";
  expect(
    segmentsIn([
      "db/archive/main/archive.info",
      `${folder}/000000010000000000000003-${hash}.zst`,
      `${folder}/000000010000000000000004-${hash}`,
      `${folder}/000000010000000000000005.partial-${hash}.zst`,
      `${folder}/000000010000000000000002.00000028.backup`,
      "db/archive/main/17-1/00000002.history",
    ]),
  ).toEqual(new Set(["000000010000000000000003", "000000010000000000000004"]));
});
