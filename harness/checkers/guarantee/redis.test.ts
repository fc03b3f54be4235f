import { describe, expect, it } from "vitest";
import { guaranteeOf } from "../guarantee.ts";
import { setFacts, setEvent } from "../../selftest/edits.ts";
import { drill, type DraftHistory } from "../../selftest/golden.ts";

type Values = Record<string, string | undefined>;

const SOUND: Values = {
  "maxmemory-policy": "noeviction",
  appendonly: "yes",
  appendfsync: "everysec",
  acknowledge: "plain",
  process_start: "one",
  replicas: JSON.stringify([{ name: "standby", state: "online" }]),
};

const asRedis = (values: Values) => (h: DraftHistory) => {
  h.plan.components[0]!.kind = "redis";
  for (const at of ["steady", "fault"] as const) setFacts(h, at, "db.primary", { ...SOUND, ...values });
};

/** The primary comes back itself, after this fault. */
const restarted =
  (fault: string, values: Values, now: Values = {}) =>
  (h: DraftHistory) => {
    asRedis(values)(h);
    for (const op of h.operations) if (op.node) Object.assign(op, { node: "primary" });
    h.facts = h.facts.map((f) =>
      f.at === "recovered" && f.node === "db.primary"
        ? { ...f, values: { serves: "true", process_start: "two", ...(now as Record<string, string>) } }
        : f,
    );
    setFacts(h, "recovered", "db.standby", { serves: "false" });
    setEvent(h, "fault-effective", { fault });
  };

describe("whether Redis guarantees zero loss when another node takes over", () => {
  const two = JSON.stringify([{ name: "standby" }, { name: "other" }]);
  it.each<[string, boolean, Values, string]>([
    ["plain", false, {}, "before any replica has it"],
    ["WAIT of the only replica", true, { acknowledge: "WAIT 1 200" }, "had reached all 1 replicas, standby among them"],
    ["WAIT 1 of two", false, { acknowledge: "WAIT 1 200", replicas: two }, "1 of 2 replicas confirm"],
    ["WAIT 2 of two", true, { acknowledge: "WAIT 2 200", replicas: two }, "all 2 replicas"],
    [
      "WAIT of another one",
      false,
      { acknowledge: "WAIT 1 200", replicas: JSON.stringify([{ name: "other" }]) },
      "was not attached",
    ],
    ["WAITAOF on the replica", true, { acknowledge: "WAITAOF 1 1 200" }, "all 1 replicas"],
    ["WAITAOF here only", false, { acknowledge: "WAITAOF 1 0 200" }, "before any replica has it"],
    ["min-replicas", false, { "min-replicas-to-write": "1", "min-replicas-max-lag": "2" }, "waits for no write"],
    [
      "eviction",
      false,
      { acknowledge: "WAIT 1 200", "maxmemory-policy": "allkeys-lru" },
      "maxmemory-policy=allkeys-lru",
    ],
    ["replicas not recorded", false, { acknowledge: "WAIT 1 200", replicas: undefined }, "are not recorded"],
    ["an acknowledgement nobody knows", false, { acknowledge: "hearsay" }, "before any replica has it"],
  ])("%s: %s", (_name, zeroLoss, values, why) => {
    const guarantee = guaranteeOf(drill({}, asRedis(values)));
    expect(guarantee.why.join("; ")).toContain(why);
    expect(guarantee.zeroLoss).toBe(zeroLoss);
  });
});

describe("whether Redis guarantees zero loss when the same node comes back", () => {
  it.each<[string, boolean, (h: DraftHistory) => void, string]>([
    ["a crash, everysec", true, restarted("process-crash", {}), "the kernel has each write before its answer"],
    ["a crash, fsync never", true, restarted("process-crash", { appendfsync: "no" }), "the kernel has each write"],
    ["a crash without the file", false, restarted("process-crash", { appendonly: "no" }), "in memory alone"],
    ["a lost machine, everysec", false, restarted("node-loss", {}), "appendfsync=everysec"],
    ["a lost machine, always", true, restarted("node-loss", { appendfsync: "always" }), "appendfsync=always"],
    ["a fault nobody knows, everysec", false, restarted("lightning", {}), "appendfsync=everysec"],
    ["damaged files", false, restarted("file-damage", { appendfsync: "always" }), "was damaged"],
    [
      "erased data, the server still there",
      false,
      restarted("erase-data", {}, { process_start: "one" }),
      "was damaged",
    ],
    [
      "a server that never went away",
      true,
      restarted("pause", { appendonly: "no" }, { process_start: "one" }),
      "never went away",
    ],
  ])("%s: %s", (_name, zeroLoss, change, why) => {
    const guarantee = guaranteeOf(drill({}, change));
    expect(guarantee.why.join("; ")).toContain(why);
    expect(guarantee.zeroLoss).toBe(zeroLoss);
  });
});
