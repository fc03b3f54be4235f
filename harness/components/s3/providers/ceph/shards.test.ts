import { expect, test } from "vitest";
import { beginnings } from "./shards.ts";

test("of an object of one chunk both parities are the chunk itself, and the other data shard is padding", () => {
  const content = Buffer.from("an object that is much shorter than a chunk of its stripe");
  const begin = "an object that is much shorter t";
  expect(beginnings(content).map((one) => one?.toString() ?? null)).toEqual([begin, null, begin, begin]);
});

test("of a longer one the first parity is the sum of two chunks, the last padded with zeros", () => {
  const content = Buffer.alloc(4097, 0x03);
  const [first, second, sum, weighted] = beginnings(content);
  expect([first, second, sum].map((one) => one!.subarray(0, 2).toString("hex"))).toEqual(["0303", "0300", "0003"]);
  expect(weighted).toBeNull();
});
