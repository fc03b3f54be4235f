import { formatPosition } from "../../position.ts";
import { describe, expect, test } from "vitest";
import { leafEntries, ledgerRows, PAGE_BYTES, readControl, segmentsSinceRedo, writtenBytes } from "./disk-format.ts";
import { controlBytes, heapPage, leafPage, segmentHead } from "./testing.ts";

const MIB = 2 ** 20;

describe("the control file", () => {
  test.each([1300, 1700, 1800])("version %i says where a recovery begins", (version) => {
    const bytes = controlBytes({ version, state: 6, checkpoint: 0x1_0060_0028n, redo: 0x1_0050_0000n, timeline: 3 });
    expect(readControl(bytes)).toEqual({
      state: "in production",
      checkpoint: 0x1_0060_0028n,
      redo: 0x1_0050_0000n,
      timeline: 3,
    });
    expect(formatPosition(0x1_0060_0028n)).toBe("1/600028");
  });

  test.each([controlBytes({ version: 1201 }), Buffer.alloc(10)])(
    "another version, or none, is not guessed at",
    (bytes) => {
      expect(() => readControl(bytes)).toThrow(/^global\/pg_control is of version/);
    },
  );
});

describe("segments since the redo point", () => {
  const control = { state: "in production", checkpoint: 0x30_1000n, redo: 0x30_0800n, timeline: 1 };
  const file = (number: number, standsAt = number * MIB) => ({
    name: `00000001${"0".repeat(8)}${number.toString(16).toUpperCase().padStart(8, "0")}`,
    size: MIB,
    head: segmentHead(BigInt(standsAt), MIB),
  });
  const names = (files: Parameters<typeof segmentsSinceRedo>[1]) =>
    segmentsSinceRedo(control, files).map(({ name }) => Number.parseInt(name.slice(16), 16));

  test("older ones are left out, and so are those that still say where they stood before", () => {
    expect(names([file(2), file(3), file(4), file(5), file(6, 1 * MIB), file(7, 2 * MIB)])).toEqual([3, 4, 5]);
  });

  test("behind a gap nothing is read", () => {
    expect(names([file(3), file(5)])).toEqual([3]);
  });

  test("other files of the folder are no segments", () => {
    const backup = { ...file(4), name: `${file(4).name}.00000028.backup` };
    expect(names([file(3), backup])).toEqual([3]);
  });

  test("the redo point's own segment is gone", () => {
    expect(() => names([file(2), file(4)])).toThrow("pg_wal has no segment with the redo point 0/300800 of timeline 1");
    expect(() => names([])).toThrow("no file of pg_wal begins with the header of a segment");
  });

  test("16 MiB beyond 4 GiB have names of three parts", () => {
    const head = segmentHead(0x1_0500_0000n, 16 * MIB);
    const far = { ...control, redo: 0x1_0512_3456n };
    expect(segmentsSinceRedo(far, [{ name: "000000010000000100000005", size: 16 * MIB, head }])).toEqual([
      { name: "000000010000000100000005", start: 0x1_0500_0000n, bytes: 16 * MIB },
    ]);
  });

  test("the last one reaches as far as its pages say, and in the last page up to the zeros", () => {
    const segment = { name: "x", start: BigInt(3 * MIB), bytes: MIB };
    const content = Buffer.alloc(MIB);
    for (const page of [0, 1, 2])
      segmentHead(BigInt(3 * MIB + page * PAGE_BYTES), MIB).copy(content, page * PAGE_BYTES);
    segmentHead(BigInt(1 * MIB + 3 * PAGE_BYTES), MIB).copy(content, 3 * PAGE_BYTES); // of an earlier use
    content[2 * PAGE_BYTES + 500] = 7;
    expect(writtenBytes(segment, content)).toBe(2 * PAGE_BYTES + 501);
  });
});

describe("rows of a page", () => {
  const rows = [
    { op: "ledger-7", payload: "a".repeat(44), xmin: 741 },
    { op: "ledger-8", payload: "b".repeat(200), xmin: 742, hints: 0x0100 },
  ];

  test("each with its bytes, its transaction and whether anybody has noted that it committed", () => {
    const page = heapPage(rows);
    const [first, second] = ledgerRows(page);
    expect(first).toMatchObject({ op: "ledger-7", xmin: 741, hinted: false });
    expect(page.toString("latin1", first!.payload.from, first!.payload.to)).toBe("a".repeat(44));
    expect(second).toMatchObject({ op: "ledger-8", xmin: 742, hinted: true });
    expect(page.toString("latin1", second!.payload.from, second!.payload.to)).toBe("b".repeat(200));
    expect(second!.to).toBeLessThanOrEqual(first!.from);
  });

  test("one that was rolled back is none", () => {
    expect(ledgerRows(heapPage([{ ...rows[0]!, hints: 0x0200 }]))).toEqual([]);
  });

  test.each([
    ["a page that was never used", Buffer.alloc(PAGE_BYTES)],
    ["half a page", heapPage(rows).subarray(0, 4_096)],
    ["noise", Buffer.alloc(PAGE_BYTES, 0xa5)],
  ])("%s has none", (_name, page) => {
    expect(ledgerRows(page)).toEqual([]);
  });
});

describe("entries of an index", () => {
  const keys = ["ledger-1", "ledger-10", "ledger-100"];

  test("on the last leaf all of them, on the others all but the bound", () => {
    const page = leafPage(keys, { rightmost: true });
    expect(leafEntries(page).map(({ op }) => op)).toEqual(keys);
    expect(leafEntries(leafPage(keys, { rightmost: false })).map(({ op }) => op)).toEqual(keys.slice(1));
    const { from, to } = leafEntries(page)[1]!;
    expect(page.toString("latin1", from, to)).toBe("ledger-10");
  });

  test("an inner page, a deleted one and a page of a table have none", () => {
    expect(leafEntries(leafPage(keys, { flags: 0 }))).toEqual([]);
    expect(leafEntries(leafPage(keys, { flags: 0b101 }))).toEqual([]);
    expect(leafEntries(heapPage([{ op: "ledger-7", payload: "x", xmin: 1 }]))).toEqual([]);
  });
});
