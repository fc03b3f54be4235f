import type { Checker } from "../checker.ts";
import { finding } from "./findings.ts";
import { guaranteeOf } from "./guarantee.ts";

/** Never fails a drill: it decides whether a drill without loss was safe or lucky. */
export const durabilitySettings: Checker = {
  name: "durability-settings",
  summary: "Whether the settings at the fault guarantee zero loss or merely allowed it this time",
  always: true,
  check(history) {
    const { zeroLoss, why } = guaranteeOf(history);
    const detail = `${zeroLoss ? "the settings guarantee zero loss" : "the settings permit loss"}: ${why.join("; ")}`;
    return finding("durability-settings", ["raw/facts.jsonl"])("pass", detail);
  },
};
