import { expect, it } from "vitest";
import { addEvent } from "../selftest/edits.ts";
import { drill, type DraftHistory } from "../selftest/golden.ts";
import { tamperRefused } from "./tamper-refused.ts";

const attempt = (name: string, refused: boolean) => (h: DraftHistory) =>
  addEvent(h, 3_000, "attempt", { step: "lock-bypass", attempt: name, refused, detail: `what ${name} came to` });

it("is unknown when nothing was tried: a lock that nobody tests proves nothing", () => {
  expect(tamperRefused.check(drill())).toMatchObject({
    verdict: "unknown",
    detail: "nothing that must be refused was tried",
  });
});

it("passes when all was refused, and names what was tried", () => {
  const history = drill({}, (h) => {
    attempt("delete", true)(h);
    attempt("shorten", true)(h);
  });
  expect(tamperRefused.check(history)).toMatchObject({
    verdict: "pass",
    detail: "all 2 attempts were refused: delete; shorten",
  });
});

it("fails by one that worked among many, and names it with what was observed", () => {
  const history = drill({}, (h) => {
    attempt("delete", true)(h);
    attempt("shorten", false)(h);
    attempt("write at once", false)(h);
  });
  expect(tamperRefused.check(history)).toMatchObject({
    verdict: "fail",
    detail: "2 of 3 attempts worked: shorten (what shorten came to); write at once (what write at once came to)",
  });
});
