import type { Checker } from "../checker.ts";
import type { History, RecoveredAccount } from "../history.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { storesJudgedBy } from "./judged-stores.ts";
import { wasReadBack } from "./reading.ts";

/**
 * A transfer and its ledger row are one transaction: each account must hold what it was seeded with plus exactly the transfers
 * that were read back, lost ones not among them. It shows half a transaction where the row count shows nothing.
 */
function check(history: History): Finding {
  const say = finding("balances", ["raw/accounts.jsonl", "raw/recovered.jsonl"]);
  if (!wasReadBack(history)) return say("unknown", "nothing was read back after the recovery");
  const results = storesJudgedBy(history, "balances").map((store) => judgeStore(history, store));
  const problem =
    results.find(({ verdict }) => verdict === "fail") ?? results.find(({ verdict }) => verdict === "unknown");
  if (problem) return say(problem.verdict, problem.detail);
  return say("pass", results.map(({ detail }) => detail).join("; ") || "nothing was written");
}

function judgeStore(history: History, store: string): Pick<Finding, "verdict" | "detail"> {
  const accounts = history.accounts.filter((account) => account.store === store);
  const transfers = history.recovered.flatMap((element) =>
    element.store === store && element.transfer ? [element.transfer] : [],
  );
  if (accounts.length === 0) {
    const wanted =
      transfers.length > 0 || history.plan.workload.some((w) => w.targets.includes(store) && w.transfers > 0);
    return wanted
      ? { verdict: "unknown", detail: `the accounts of ${store} were not read back` }
      : { verdict: "pass", detail: `${store} has no transfers` };
  }
  const expected = new Map(accounts.map((account) => [account.account, account.initial]));
  if (expected.size < accounts.length)
    return { verdict: "fail", detail: `${store} has ${counted(accounts.length - expected.size, "account")} twice` };
  for (const { from, to, amount } of transfers) {
    const [debit, credit] = [expected.get(from), expected.get(to)];
    if (debit === undefined || credit === undefined)
      return { verdict: "fail", detail: `${store} has a transfer from ${from} to ${to}, and not both accounts` };
    expected.set(from, debit - amount);
    expected.set(to, (from === to ? debit - amount : credit) + amount);
  }
  return judgeAccounts(store, accounts, expected, transfers.length);
}

function judgeAccounts(
  store: string,
  accounts: readonly RecoveredAccount[],
  expected: ReadonlyMap<number, number>,
  transfers: number,
): Pick<Finding, "verdict" | "detail"> {
  const wrong = accounts.filter(({ account, balance }) => balance !== expected.get(account));
  const [seeded, found] = [sum(accounts.map((a) => a.initial)), sum(accounts.map((a) => a.balance))];
  const [first] = wrong;
  if (!first && seeded === found)
    return {
      verdict: "pass",
      detail: `${store}: ${counted(accounts.length, "account holds", "accounts hold")} what ${counted(transfers, "transfer")} left them, ${grouped(found)} in all`,
    };
  const example = first
    ? `; account ${first.account} holds ${grouped(first.balance)}, ${grouped(expected.get(first.account) ?? 0)} expected`
    : "";
  return {
    verdict: "fail",
    detail: `${store}: ${grouped(wrong.length)} of ${counted(accounts.length, "account")} ${wrong.length === 1 ? "is" : "are"} wrong, the sum is off by ${grouped(found - seeded)}${example}`,
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export const balances: Checker = {
  name: "balances",
  summary: "Every account holds its seed plus the transfers that were read back",
  always: false,
  check,
};
