import { expect, it } from "vitest";
import { amountOfBytes } from "./amounts.ts";

it.each([
  ["2TB", 2e12],
  ["2TiB", 2 * 1024 ** 4],
  ["1.5 GB", 1.5e9],
  ["64MiB", 64 * 1024 ** 2],
  ["3kB", 3_000],
  ["3 KB", 3_000],
  [" 7B ", 7],
  ["0.0000015MB", null],
  ["0.0015kB", 2],
  ["1234567890B", null],
  ["1  GB", null],
  ["2T", null],
  ["TB", null],
  ["-1GB", null],
  ["2iB", null],
  ["", null],
])("%s is %s bytes", (text, bytes) => expect(amountOfBytes(text)).toBe(bytes));
