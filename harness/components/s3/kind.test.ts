import { describe, expect, it } from "vitest";
import { readScenario } from "../../scenario/read-scenario.ts";
import { planOf, problemsOf, scenarioFile } from "../../scenario/testing.ts";

const scenario = (config: string, steps = "{ fault: process-crash, target: store.server }", workload = "") => `id: sound
title: Something happens
stack:
  store: { kind: s3, ${config} }
workload:
  - { kind: ledger, target: store, rate: 40/s${workload} }
steps:
  - ${steps}
verify: [no-lost-writes]
expect: pass
`;

describe("what no store can promise, with its place", () => {
  it.each([
    ["layout: { drives: 3 }", "4:40: stack.store.layout.drives: MinIO makes no erasure set of 3 drives"],
    [
      "versioning: true, lock: { mode: compliance }",
      "4:46: stack.store.lock.retention: compliance needs a retention above zero",
    ],
    [
      "versioning: true, lock: { mode: compliance, retention: -1s }",
      '4:77: stack.store.lock.retention: found "-1s", expected a duration with a unit, such as 250ms, 2s or 5m',
    ],
    ["versioning: true, lock: { mode: governance, retention: 0s }", "governance needs a retention above zero"],
    [
      "lock: { mode: compliance, retention: 1h }",
      "4:28: stack.store.lock: an object can only be locked in a bucket with versions",
    ],
    [
      "versioning: true, bucket: { existing: true }, lock: { mode: legal-hold }",
      "stack.store.lock: a lock can only be given to a bucket when it is made",
    ],
    ["versioning: true, lock: { mode: legal-hold, retention: 1h }", "a legal hold has no end"],
    [
      "versioning: true, replication: { mode: sync }",
      "stack.store.replication: there is one site, and nothing to replicate to",
    ],
    ["layout: { sites: 2 }, replication: {}", "replication needs the versions of both buckets"],
    ["layout: { drives: 4, nodes: 4 }", "drives and nodes are both more than one"],
    ["image: mine:1", "4:29: stack.store.image: an image needs the provider that it is of"],
    [
      "provider: versitygw, layout: { drives: 4 }",
      "4:61: stack.store.layout.drives: VersityGW stands on one directory",
    ],
    [
      "provider: ceph, layout: { sites: 2 }, tls: true",
      "4:65: stack.store.tls: Ceph's sites speak with each other without TLS here",
    ],
    ["tls: yes", '4:27: stack.store.tls: found "yes", expected true or false'],
    ["provider: versitygw, sync: true", "VersityGW never syncs what it acknowledges"],
    ["provider: gluster", '4:32: stack.store.provider: found "gluster", expected one of minio, ceph, versitygw'],
  ])("%s", async (config, said) => {
    expect((await problemsOf(scenario(config, "{ fault: latency, target: store, latency: 1s }"))).join("\n")).toContain(
      said,
    );
  });
});

describe("what a step or a workload needs of the store", () => {
  it.each([
    [
      "provider: versitygw",
      "{ fault: drive-loss, target: store }",
      "8:14: steps[0].fault: found drive-loss, which needs drives",
    ],
    ["layout: { drives: 1 }", "{ fault: drive-loss, target: store }", "which needs drives"],
    [
      "versioning: true",
      "{ fault: lock-bypass, target: store }",
      "8:14: steps[0].fault: found lock-bypass, which needs lock",
    ],
    [
      "provider: ceph, layout: { drives: 4 }",
      "{ fault: bit-rot, target: store, part: metadata }",
      "steps[0].part: found part of bit-rot, which needs metadata rot",
    ],
    [
      "provider: minio",
      "{ fault: latency, target: store, latency: 1s }\n  - { recover: restore-versions, target: store }",
      "9:16: steps[1].recover: found restore-versions, which needs versioning",
    ],
  ])("%s and %s", async (config, step, said) => {
    const [first = ""] = await problemsOf(scenario(config, step));
    expect(first).toContain(said);
    expect(first).toMatch(/expected what store can do as it is configured \(.+\)$/);
  });

  it("one key for all is for a store that keeps versions", async () => {
    const lacking = scenario("provider: minio", undefined, ", keys: one");
    expect((await problemsOf(lacking)).join("\n")).toContain(
      "6:54: workload[0].keys: found keys of this workload, which needs versioning",
    );
    expect(await problemsOf(scenario("versioning: true", undefined, ", keys: one"))).toEqual([]);
  });

  it("a database has no drives that could be taken away one by one", async () => {
    const text = scenario("versioning: true", "{ fault: drive-loss, target: store }").replace(
      "kind: s3, versioning: true",
      "kind: postgres",
    );
    expect((await problemsOf(text)).join("\n")).toContain("found drive-loss, which needs drives");
  });
});

describe("what stands behind a store that names no product", () => {
  it("is the preferred one, and the plan says so", async () => {
    const [component] = (await planOf(scenario("versioning: true"))).components;
    expect(component).toMatchObject({ choice: "minio", config: { provider: "minio" }, nodes: ["store.server"] });
  });

  it("is none that cannot speak TLS in that layout", async () => {
    const text = scenario(
      "layout: { sites: 2 }, versioning: true, tls: true",
      "{ fault: latency, target: store, latency: 1s }",
    );
    const { variants } = await readScenario(await scenarioFile(text));
    expect(variants.map(({ name }) => name)).toEqual(["minio"]);
  });

  it("is the named one where one is named", async () => {
    const [component] = (await planOf(scenario("provider: versitygw"))).components;
    expect(component).toMatchObject({ choice: "versitygw", config: { provider: "versitygw" } });
  });
});
