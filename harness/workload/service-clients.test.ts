import { readFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Component } from "../component.ts";
import type { ProgramStart } from "../node.ts";
import { K6_STOPPED } from "./k6-command.ts";
import { makeRequest } from "./content.ts";
import { OperationLog } from "./operation-log.ts";
import { ServiceClients } from "./service-clients.ts";
import { plannedOrders } from "./testing.ts";

/** Nothing listens on port 1. */
const access: Record<string, Record<string, string | number>> = {
  db: { host: "127.0.0.1", port: 1, user: "u", password: "top-secret", database: "d" },
  cache: { host: "127.0.0.1", port: 1, password: "top-secret", replicas: 0 },
  store: { endpoint: "http://127.0.0.1:1", bucket: "b", accessKeyId: "a", secretAccessKey: "top-secret" },
};
const targets = Object.keys(access).map(
  (name) => ({ name, serviceAccess: () => access[name] }) as unknown as Component,
);

const line = (value: object): string => `${JSON.stringify(value)}\n`;
const sent = (seq: number): string => {
  const { op, sha256 } = makeRequest({ workload: "users", seed: 7, seq, transfers: 0 });
  const wallMs = Date.now();
  return line({ k6: "sent", op, seq, sha256, vu: 3, dueMs: wallMs - 2, wallMs });
};
const answers = {
  db: { outcome: "ok", node: "primary", timeline: 1, lsn: "0/5000158" },
  cache: { outcome: "fail", error: "READONLY" },
  audit: { outcome: "fail", error: "not sent", sent: false },
};
const ended = (seq: number): string =>
  line({
    k6: "ended",
    op: `users-${seq}`,
    wallMs: Date.now(),
    status: 503,
    outcome: "fail",
    error: "status 503",
    stores: answers,
  });

const benches: { clients: ServiceClients }[] = [];
afterEach(async () => void (await Promise.all(benches.splice(0).map(({ clients }) => clients.stop()))));

/** The clients with a k6 that says what the test lets it say, and an order service of flesh and blood. */
function bench(last = line({ k6: "end", completed: 1, dropped: 0 })) {
  const rawDir = mkdtempSync(path.join(tmpdir(), "blackstart-service-"));
  const log = new OperationLog(rawDir);
  const lost: string[] = [];
  const end = Promise.withResolvers<{ code: number; errors: string }>();
  let spec: ProgramStart | undefined;
  const clients = new ServiceClients({
    plan: plannedOrders(["db", "cache", "store"], { name: "users", kind: "service", ratePerSecond: 50 }),
    targets,
    log,
    seed: 7,
    rawDir,
    lost: (why) => lost.push(why),
    startProgram: async (started) => {
      spec = started;
      started.output(sent(0));
      return {
        ended: end.promise,
        signal: async () => {
          started.output(last);
          end.resolve({ code: K6_STOPPED, errors: "" });
        },
      };
    },
  });
  const raw = (name: string) => readFileSync(path.join(rawDir, name), "utf8");
  const made = { clients, log, lost, end, raw, say: (text: string) => spec!.output(text), spec: () => spec! };
  benches.push(made);
  return made;
}

describe("users of the order service", () => {
  it("have every order on disk and in the ledger the moment that k6 says it", async () => {
    const { clients, log, raw, say } = bench();
    await clients.start();
    expect(raw("requests-users.txt")).toContain('"sent","op":"users-0"');
    expect(raw("operations.open.jsonl").trim().split("\n")).toHaveLength(3);
    expect(log.operations).toMatchObject([{ store: "db", endedNs: null }, { store: "cache" }, { store: "store" }]);
    say(ended(0));
    expect(log.operations).toMatchObject([
      { op: "users-0", outcome: "ok", node: "db.primary", lineage: "1", position: "0/5000158", conn: 3 },
      { op: "users-0", outcome: "fail", error: "READONLY", conn: 3 },
      { op: "users-0", outcome: "fail", error: "not sent", conn: null },
    ]);
    expect(raw("requests-users.txt")).toContain('"ended","op":"users-0"');
  });

  it("wait, when they stop, for an order that was sent after", async () => {
    const { clients, say, raw } = bench(line({ k6: "end", completed: 2, dropped: 0 }));
    await clients.start();
    say(ended(0));
    const stopped = clients.stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(raw("requests-users.txt")).not.toContain('"k6":"end"');
    say(sent(1) + ended(1));
    expect(await stopped).toBe(6);
    expect(raw("requests-users.txt")).toContain('"k6":"end"');
    expect(await clients.stop()).toBe(6);
  });

  it("keep secrets out of k6's words and of everything that is written", async () => {
    const { clients, spec, raw } = bench();
    await clients.start();
    await clients.stop();
    const { argv, env, stdin } = spec();
    expect(JSON.stringify([argv, env, stdin])).not.toContain("top-secret");
    for (const name of ["requests-users.txt", "requests-users.clock.jsonl", "operations.open.jsonl"])
      expect(raw(name)).not.toContain("top-secret");
  });

  it("are lost when k6 ends by itself", async () => {
    const { clients, end, lost } = bench();
    await clients.start();
    end.resolve({ code: 107, errors: "an exception" });
    await expect.poll(() => lost).toEqual(["k6 of users ended with code 107: an exception"]);
  });

  it("count nothing when they never started", async () => {
    const { clients } = bench();
    expect(await clients.stop()).toBe(0);
  });
});
