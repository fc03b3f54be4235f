import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArchiveDamage, Depot } from "../../archive.ts";
import { changed, damageArchive } from "./archive-damage.ts";
import type { Archiver, Stored } from "./archiver.ts";
import { segmentName } from "./wal-names.ts";
import type { Shell } from "./shell.ts";
import { middleMember, putMember, takeMember } from "./tar-member.ts";

const SEGMENTS = ["A", "B", "C", "D", "E"].map((letter) => ({
  name: `00000001000000000000000${letter}`,
  body: Buffer.concat([Buffer.alloc(100, letter), Buffer.alloc(28)]),
}));

function bench(stored: Stored[], objects: Map<string, Buffer>) {
  const depot = {
    objects: async (_: string, prefix: string) =>
      [...objects].flatMap(([key, body]) => (key.startsWith(prefix) ? [{ key, bytes: body.length }] : [])),
    getObject: async (_: string, key: string) => objects.get(key)!,
    putObject: async (_: string, key: string, body: Uint8Array) => void objects.set(key, Buffer.from(body)),
    removeObject: async (_: string, key: string) => void objects.delete(key),
  } as Partial<Depot> as Depot;
  const archiver = { objects: async () => stored } as Partial<Archiver> as Archiver;
  return (damage: Partial<ArchiveDamage>) =>
    damageArchive(
      { archiver, depot, bucket: "b", on: {} as Shell },
      { part: "segment", where: "middle", damage: "flip", inside: false, ...damage },
    );
}

const ofSegments = (count = SEGMENTS.length) => {
  const some = SEGMENTS.slice(0, count);
  const objects = new Map(some.map(({ name, body }) => [`wal/${name}`, body]));
  return {
    objects,
    damage: bench(
      some.map(({ name }) => ({ name, key: `wal/${name}` })),
      objects,
    ),
  };
};

describe("damage to what was archived", () => {
  it.each<[ArchiveDamage["where"], string]>([
    ["first", "A"],
    ["middle", "C"],
    ["last", "E"],
  ])("%s", async (where, letter) => {
    const { objects, damage } = ofSegments();
    const done = await damage({ where, damage: "delete" });
    const { changes, unchanged } = done;
    expect([...objects.keys()]).toEqual(SEGMENTS.flatMap(({ name }) => (name.endsWith(letter) ? [] : [`wal/${name}`])));
    expect(changes).toEqual([expect.stringMatching(new RegExp(`${letter}: 128 bytes, .* before, not there after$`))]);
    expect(unchanged).toEqual([]);
    await done.undo();
    await done.undo();
    expect(new Set(objects.values())).toEqual(new Set(SEGMENTS.map(({ body }) => body)));
  });

  it("a swap changes two, another's content one", async () => {
    const swapped = ofSegments();
    const { changes, unchanged } = await swapped.damage({ damage: "swap" });
    expect(changes).toEqual(["C", "B"].map((letter) => expect.stringMatching(`^swap of .*${letter}: `) as string));
    expect(unchanged).toEqual([]);
    expect([...swapped.objects.values()].map((body) => String.fromCharCode(body[0]!)).join("")).toBe("ACBDE");
    const wrong = ofSegments();
    expect((await wrong.damage({ where: "first", damage: "wrong-content" })).changes).toHaveLength(1);
    expect([...wrong.objects.values()].map((body) => String.fromCharCode(body[0]!)).join("")).toBe("BBCDE");
  });

  it("is not done where first, middle and last are not three, or where there is nothing", async () => {
    await expect(ofSegments(2).damage({})).rejects.toThrow("there are 2 segments since the newest backup");
    await expect(ofSegments(0).damage({ part: "history" })).rejects.toThrow("there is no history in the archive");
    await expect(ofSegments(1).damage({ part: "base", damage: "swap" })).rejects.toThrow("needs another base");
    await expect(ofSegments().damage({ inside: true })).rejects.toThrow("cannot be opened");
  });

  it("says when nothing has changed", async () => {
    const { objects, damage } = ofSegments();
    for (const key of objects.keys()) objects.set(key, Buffer.alloc(128));
    const { changes, unchanged } = await damage({ damage: "zero-tail" });
    expect([changes.length, unchanged.length]).toEqual([0, 1]);
  });

  it("a swap of two that are equal has changed neither", async () => {
    const { objects, damage } = ofSegments();
    objects.set(`wal/${SEGMENTS[1]!.name}`, SEGMENTS[2]!.body);
    const { changes, unchanged } = await damage({ damage: "swap" });
    expect([changes.length, unchanged.length]).toEqual([0, 2]);
  });

  it("reaches what is compressed, so that unwrapping it notices nothing", async () => {
    const objects = new Map([["base", zstdCompressSync(Buffer.alloc(1_000, "x"))]]);
    const inside = {
      take: (object: Buffer) => zstdDecompressSync(object),
      put: (_: Buffer, body: Buffer | null) => zstdCompressSync(body!),
    };
    const damage = bench([{ name: "base", key: "base", inside }], objects);
    expect((await damage({ part: "base", inside: true })).changes).toHaveLength(1);
    const after = zstdDecompressSync(objects.get("base")!);
    expect([after.length, after.filter((byte) => byte !== 120).length]).toEqual([1_000, 8]);
  });
});

it("lies where there is something, not in the zeros behind the last record", () => {
  const content = Buffer.concat([Buffer.alloc(40, 1), Buffer.alloc(4_056)]);
  expect(changed(content, "flip")?.subarray(16, 32)).toEqual(
    Buffer.from([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
  );
  expect(changed(content, "zero-tail")).toEqual(Buffer.concat([Buffer.alloc(20, 1), Buffer.alloc(4_076)]));
  expect(changed(content, "truncate")).toHaveLength(2_048);
  expect(changed(content, "empty")).toHaveLength(0);
  expect(changed(content, "delete")).toBeNull();
});

it.each([
  ["0/900028", 2 ** 20, "000000010000000000000009"],
  ["0/900028", 2 ** 24, "000000010000000000000000"],
  ["2/FFFFFFFF", 2 ** 24, "0000000100000002000000FF"],
  ["2/FFFFFFFF", 2 ** 20, "000000010000000200000FFF"],
])("%s lies in the file that the server names, by segments of %i bytes", (lsn, bytes, name) => {
  const [high, low] = lsn.split("/").map((half) => BigInt(`0x${half}`));
  expect(segmentName("1", (high! << 32n) | low!, bytes)).toBe(name);
});

describe("one file of a tar", () => {
  let dir = "";
  beforeAll(() => (dir = mkdtempSync(path.join(tmpdir(), "blackstart-tar-"))));
  afterAll(() => rmSync(dir, { recursive: true }));
  const tarOf = (): Buffer => {
    for (const [name, bytes] of [
      ["a", 700],
      ["backup_label", 227],
      ["c", 0],
    ] as const)
      writeFileSync(path.join(dir, name), name[0]!.repeat(bytes));
    execFileSync("tar", ["--format=ustar", "-cf", "t.tar", "a", "backup_label", "c"], { cwd: dir });
    return readFileSync(path.join(dir, "t.tar"));
  };
  const listed = (tar: Buffer): string => {
    writeFileSync(path.join(dir, "u.tar"), tar);
    return execFileSync("tar", ["-tvf", "u.tar"], { cwd: dir, encoding: "utf8" }).replaceAll(
      /^\S+ \S+ +(\d+) \S+ \S+ /gm,
      "$1 ",
    );
  };

  it("is taken, put back and left out, as tar itself reads it", () => {
    const tar = tarOf();
    expect(takeMember(tar, "backup_label").toString()).toBe("b".repeat(227));
    expect(putMember(tar, "backup_label", takeMember(tar, "backup_label"))).toEqual(tar);
    const longer = putMember(tar, "backup_label", Buffer.alloc(600, "z"));
    expect(listed(longer)).toBe("700 a\n600 backup_label\n0 c\n");
    expect(takeMember(longer, "backup_label")).toHaveLength(600);
    expect(listed(putMember(tar, "backup_label", Buffer.alloc(0)))).toBe("700 a\n0 backup_label\n0 c\n");
    expect(listed(putMember(tar, "backup_label", null))).toBe("700 a\n0 c\n");
    expect(() => takeMember(tar, "d")).toThrow("the tar holds no d");
  });

  it("is found by its place: where the middle of the tar lies, the next one, else the last; never one without content", () => {
    const tar = tarOf();
    expect(middleMember(tar, /^[abc]/)).toBe("backup_label");
    expect(middleMember(tar, /^[ac]$/)).toBe("a");
    expect(() => middleMember(tar, /^c$/)).toThrow("the tar holds nothing named like ^c$");
  });
});
