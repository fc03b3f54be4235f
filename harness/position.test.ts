import { expect, test } from "vitest";
import { lineageWords } from "./position.ts";

test.each([
  ["2", "timeline 2"],
  ["1@7711891842920665115", "timeline 1 of system 7711891842920665115"],
  ["8f3a0c11e2d94b5a97c0", "replication id 8f3a0c11"],
])("the history %s is %s", (lineage, words) => expect(lineageWords(lineage)).toBe(words));
