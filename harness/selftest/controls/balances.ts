import type { CheckControls } from "../control.ts";
import { breakReadBack } from "../edits.ts";
import { drill } from "../golden.ts";

export const balances: CheckControls = {
  check: "balances",
  pass: [
    {
      name: "accounts as the transfers left them",
      history: () => drill(),
      says: "db: 10 accounts hold what 146 transfers left them, 10,000 in all",
    },
    {
      name: "transfers that were lost whole",
      history: () => drill({ loseFrom: 200 }),
      says: "db: 10 accounts hold what 106 transfers left them, 10,000 in all",
    },
  ],
  fail: [
    {
      name: "one unit too much",
      history: () => drill({}, (h) => void h.accounts[4]!.balance++),
      says: "db: 1 of 10 accounts is wrong, the sum is off by 1; account 4 holds 1,001, 1,000 expected",
    },
    {
      name: "half a transfer under a right sum",
      history: () =>
        drill({}, (h) => {
          h.accounts[4]!.balance++;
          h.accounts[5]!.balance--;
        }),
      says: "db: 2 of 10 accounts are wrong, the sum is off by 0; account 4 holds 1,001, 1,000 expected",
    },
  ],
  unknown: [
    {
      name: "accounts that were not read",
      history: () => drill({}, (h) => void (h.accounts = [])),
      says: "the accounts of db were not read back",
    },
    {
      name: "a read-back that broke off",
      history: () => drill({}, breakReadBack),
      says: "nothing was read back after the recovery",
    },
  ],
};
