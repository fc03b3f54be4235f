import { describe, expect, it } from "vitest";
import { parsePosition } from "../../position.ts";
import { endProblem, isBehindAll, pageAt } from "./archive-end.ts";
import { ancestorsOf } from "./facts.ts";

const MIB = 2 ** 20;
const SEGMENTS = ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"];
const at = (lsn: string): bigint => parsePosition(lsn)!;

/** The page of a position, as an archived segment has it: its address, and at that position the length of a record. */
function page(lsn: bigint, recordBytes: number, address = lsn - (lsn % 8_192n)): Buffer {
  const bytes = Buffer.alloc(8_192);
  bytes.writeBigUInt64LE(address, 8);
  const offset = Number(lsn % 8_192n);
  bytes.writeUInt32LE(recordBytes, offset === 0 ? (lsn % BigInt(MIB) === 0n ? 40 : 24) : offset);
  return bytes;
}

const problem = (
  lsn: string,
  pageOf: Buffer = Buffer.alloc(0),
  segments = SEGMENTS,
  timeline = "1",
  unfinished: string | null = null,
) => endProblem({ segments, timeline, end: at(lsn), segmentBytes: MIB, unfinished }, async () => pageOf);

describe("whether recovery has read all that the archive holds", () => {
  it("recovery ended before the newest segment", async () => {
    expect(await problem("0/AFFBF8")).toBe("the archive holds history up to 00000001000000000000000B");
  });

  it("recovery ended behind the newest segment, which was closed early", async () => {
    expect(await problem("0/C00000")).toBeNull();
  });

  it("recovery ended at a record that goes on in a segment that was never archived", async () => {
    const end = at("0/BFFF00");
    expect(await problem("0/BFFF00", page(end, 257))).toBeNull();
    expect(await problem("0/BFFF00", page(end, 256))).toContain("a record of 256 bytes that recovery did not take");
    expect(await problem("0/BFDF00", page(at("0/BFDF00"), 256 + 8_168 + 1))).toBeNull();
    expect(await problem("0/BFDF00", page(at("0/BFDF00"), 256 + 8_168))).toContain("did not take");
  });

  it("recovery ended where the newest segment has damage", async () => {
    expect(await problem("0/B80000", page(at("0/B80000"), 0))).toMatch(/^0{7}1.*B goes on behind it: there are zeros$/);
    expect(await problem("0/B00000", page(at("0/B00000"), 200))).toContain("a record of 200 bytes");
    expect(await problem("0/B80000", page(at("0/B80000"), 0xffff_ffff, at("0/A80000")))).toContain("of 0/A80000");
    expect(await problem("0/B80000", Buffer.alloc(100))).toContain("too short");
  });

  it("recovery ended in a segment that its receiver had not finished, which ends in zeros and in nothing else", async () => {
    const unfinished = SEGMENTS.at(-1)!;
    expect(await problem("0/B80000", page(at("0/B80000"), 0), SEGMENTS, "1", unfinished)).toBeNull();
    expect(await problem("0/B80000", page(at("0/B80000"), 200), SEGMENTS, "1", unfinished)).toContain("did not take");
  });

  it("looks at the timeline that recovery left, and at no other", async () => {
    const segments = [...SEGMENTS, "00000002000000000000000F"];
    expect(await problem("0/C00000", undefined, segments)).toBeNull();
    expect(await problem("0/C00000", undefined, segments, "2")).toContain("up to 00000002000000000000000F");
    expect(await problem("0/C00000", undefined, segments, "3")).toBeNull();
  });

  it("has nothing to look at behind the newest segment of that timeline", () => {
    const behind = (lsn: string, timeline = "1") =>
      isBehindAll({ segments: SEGMENTS, timeline, end: at(lsn), segmentBytes: MIB });
    expect([behind("0/C00000"), behind("0/BFFFF8"), behind("0/C00000", "2")]).toEqual([true, false, false]);
  });

  it("knows the page of a position", () => {
    expect([pageAt(at("0/B00000"), MIB), pageAt(at("0/B03FFF"), MIB), pageAt(at("0/BFFFFF"), MIB)]).toEqual([
      0, 1, 127,
    ]);
  });
});

it("reads every ancestor out of a timeline's file", () => {
  expect(ancestorsOf("1\t0/AFFC20\tno recovery target specified\n\n2\t1/B0\tbefore transaction 7\n")).toEqual([
    { timeline: "1", lsn: "0/AFFC20" },
    { timeline: "2", lsn: "1/B0" },
  ]);
  expect(ancestorsOf("")).toEqual([]);
});
