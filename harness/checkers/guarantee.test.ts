import { describe, expect, it } from "vitest";
import { durabilitySettings } from "./durability-settings.ts";
import { guaranteeOf } from "./guarantee.ts";
import { parseStandbyNames } from "./guarantee/postgres.ts";
import { setEvent, setFacts } from "../selftest/edits.ts";
import { drill, type DraftHistory, sender, verdictOf } from "../selftest/golden.ts";

type Values = Record<string, string | undefined>;
const both = (values: Values) => (h: DraftHistory) => {
  for (const at of ["steady", "fault"] as const) setFacts(h, at, "db.primary", values);
};
const names = (text: string): Values => ({ synchronous_standby_names: text });
const attached = (...senders: object[]): Values => ({ replication: JSON.stringify(senders) });
const restarted = (values: Values) => (h: DraftHistory) => {
  for (const op of h.operations) if (op.node) Object.assign(op, { node: "primary", lineage: "1" });
  h.facts = h.facts.map((f) =>
    f.at === "recovered" && f.node === "db.primary" ? { ...f, values: { serves: "true", lineage: "1" } } : f,
  );
  setFacts(h, "recovered", "db.standby", { serves: "false" });
  both(values)(h);
};

describe("whether zero loss is guaranteed", () => {
  it.each<[string, boolean, (h: DraftHistory) => void, string]>([
    ["on, FIRST 1 of 1", true, both({}), "every commit waits for standby"],
    ["remote_apply", true, both({ synchronous_commit: "remote_apply" }), "remote_apply"],
    ["remote_write", false, both({ synchronous_commit: "remote_write" }), "not to its disk"],
    ["local", false, both({ synchronous_commit: "local" }), "nobody waits for a standby"],
    ["off", false, both({ synchronous_commit: "off" }), "nobody waits for any disk"],
    ["no standby named", false, both(names("")), "no standby has to confirm"],
    ["another one named", false, both(names('FIRST 1 ("other")')), "does not name standby"],
    ["any client", false, both(names("FIRST 1 (*)")), "any client that streams may confirm"],
    ["bare list of one", true, both(names("standby")), "every commit waits"],
    ["name in other case", true, both(names('"STANDBY"')), "every commit waits"],
    ["ANY 2 of 2", true, both(names('ANY 2 ("standby", "b")')), "every commit waits"],
    ["ANY 1 of 2", false, both(names('ANY 1 ("standby", "b")')), "any 1 of 2 may confirm"],
    [
      "FIRST 1 of 2, attached throughout",
      true,
      both({
        ...names('FIRST 1 ("standby", "b")'),
        ...attached(sender("standby"), sender("b", { sync_state: "potential" })),
      }),
      "as long as it is attached",
    ],
    ["FIRST 1 of 2, only second", false, both(names('FIRST 1 ("b", "standby")')), "not among the first 1"],
    [
      "FIRST 1 of 2, attached anew",
      false,
      (h) => {
        both(names('FIRST 1 ("standby", "b")'))(h);
        setFacts(h, "fault", "db.primary", attached(sender("standby", { backend_start: "later" })));
      },
      "attached anew",
    ],
    [
      "FIRST 1 of 2, gone at the fault",
      false,
      (h) => {
        both(names('FIRST 1 ("standby", "b")'))(h);
        setFacts(h, "fault", "db.primary", attached(sender("b")));
      },
      "not attached on db.primary at the fault",
    ],
    [
      "FIRST 1 of 2, looked at once",
      false,
      (h) => {
        both(names('FIRST 1 ("standby", "b")'))(h);
        h.facts = h.facts.filter((f) => f.at !== "steady");
      },
      "looked at only once",
    ],
    [
      "two of one name",
      false,
      both(attached(sender("standby"), sender("standby", { backend_start: "x" }))),
      "2 connections called themselves standby",
    ],
    [
      "changed before the fault",
      false,
      (h) => setFacts(h, "fault", "db.primary", { synchronous_commit: "off" }),
      "synchronous_commit=off",
    ],
    [
      "fsync off on the promoted",
      false,
      (h) => setFacts(h, "fault", "db.standby", { fsync: "off" }),
      "fsync=off on db.standby",
    ],
    ["fsync off only on the lost one", true, both({ fsync: "off" }), "fsync=on on db.standby"],
    ["nothing recorded", false, (h) => void (h.facts = h.facts.filter((f) => f.at === "recovered")), "not recorded"],
    [
      "a subscriber that no commit waits for",
      false,
      (h) => {
        both(names(""))(h);
        setFacts(h, "steady", "db.standby", { subscription: '{"name":"standby"}' });
      },
      "standby follows by logical replication, and no commit waits for it",
    ],
    [
      "a subscriber that every commit waits for",
      true,
      (h) => setFacts(h, "fault", "db.standby", { subscription: '{"name":"standby"}' }),
      "every commit waits for standby",
    ],
    [
      "no subscription",
      true,
      (h) => setFacts(h, "fault", "db.standby", { subscription: "null" }),
      "every commit waits for standby",
    ],
    ["restart, all on", true, restarted({}), "full_page_writes=on"],
    ["restart, local", true, restarted({ synchronous_commit: "local" }), "synchronous_commit=local"],
    ["restart, commit off", false, restarted({ synchronous_commit: "off" }), "synchronous_commit=off"],
    ["restart, fsync off", false, restarted({ fsync: "off" }), "fsync=off"],
    ["restart, torn pages", false, restarted({ full_page_writes: "off" }), "full_page_writes=off"],
    [
      "nobody serves",
      false,
      (h) => void (h.facts = h.facts.filter((f) => f.at !== "recovered")),
      "no node is known to serve",
    ],
    ["no rule for the kind", false, (h) => void (h.plan.components[0]!.kind = "unheard-of"), "no rule is known"],
  ])("%s: %s", (_, zeroLoss, change, why) => {
    const history = drill({}, change);
    const guarantee = guaranteeOf(history);
    expect(guarantee.why.join("; ")).toContain(why);
    expect(guarantee.zeroLoss).toBe(zeroLoss);
    expect(verdictOf(durabilitySettings, history)).toBe("pass");
  });
});

describe("synchronous_standby_names", () => {
  it.each([
    ['FIRST 1 ("standby")', { method: "first", count: 1, names: ["standby"] }],
    ['ANY 2 (a, "B c",d)', { method: "any", count: 2, names: ["a", "b c", "d"] }],
    ["2 (a, b)", { method: "first", count: 2, names: ["a", "b"] }],
    ["a, b", { method: "first", count: 1, names: ["a", "b"] }],
    ['"say ""hi"""', { method: "first", count: 1, names: ['say "hi"'] }],
    ["*", { method: "first", count: 1, names: ["*"] }],
    ["FIRST 0 (a)", null],
    ["a,, b", null],
    ["a b", null],
    ["FIRST 1 ()", null],
    ["", null],
  ])("%s", (text, rule) => expect(parseStandbyNames(text)).toEqual(rule));
});

describe("a machine made anew from an archive", () => {
  const RECEIVED = {
    archive_mode: "on",
    archive_timeout: "60",
    synchronous_standby_names: 'FIRST 1 ("receiver")',
    replication: JSON.stringify([sender("receiver")]),
  };
  const restored =
    (params: Record<string, unknown>, values: Values = { archive_mode: "on", archive_timeout: "60" }) =>
    (h: DraftHistory) => {
      h.plan.steps[1] = {
        ...h.plan.steps[1]!,
        does: "recover",
        kind: "restore",
        target: "db.standby",
        params,
        expect: "success",
      };
      both(values)(h);
    };

  it.each<[string, (h: DraftHistory) => void, string[]]>([
    ["handed over every minute", restored({ to: "latest" }), ["in the last 60 s, and until it was handed over"]],
    ["handed over when full", restored({}, { archive_mode: "on", archive_timeout: "0" }), ["until then is lost"]],
    ["not written", restored({}, { archive_mode: "off", archive_timeout: "0" }), ["nothing more was archived"]],
    ["not recorded", restored({}, {}), ["is not recorded"]],
    ["left at a point", restored({ to: "xid" }), ["beyond it is given up", "in the last 60 s"]],
    ["fetched as the manual has it", restored({}, RECEIVED), ["fails with for the end of history"]],
    ["left on the receiver", restored({ wal: "fail-closed", tail: "left" }, RECEIVED), ["in the last 60 s"]],
  ])("guarantees nothing of a tail: %s", (_name, change, why) => {
    const guarantee = guaranteeOf(drill({}, change));
    expect(guarantee.zeroLoss).toBe(false);
    expect([...new Set(guarantee.why)]).toEqual(
      expect.arrayContaining(why.map((words) => expect.stringContaining(words) as unknown)),
    );
  });

  it("guarantees all of it where every commit waited for a receiver, and nothing is taken for the end by mistake", () => {
    expect(guaranteeOf(drill({}, restored({ wal: "fail-closed" }, RECEIVED)))).toMatchObject({ zeroLoss: true });
  });

  it("was restored only if the restore succeeded", () => {
    const refused = (h: DraftHistory) => {
      restored({})(h);
      setEvent(h, "recovery-ended", { ok: false });
    };
    expect(guaranteeOf(drill({}, refused)).why.join("; ")).not.toContain("archive");
  });
});
