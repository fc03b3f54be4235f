import { createServer, connect, type Socket } from "node:net";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { drillText, labelled, openLab, run, start, writeScenario } from "./lab.ts";

const lab = openLab();
const because = (results: Awaited<ReturnType<typeof run>>["results"]) =>
  results[0]!.reasons.filter((reason) => reason.verdict === "unknown").map((reason) => reason.check);

describe("what was not proven is inconclusive: exit 3, never a pass", () => {
  test("a fault without effect", async () => {
    const file = writeScenario(
      lab,
      "idle-cut",
      drillText({
        id: "idle-cut",
        stack:
          "{ kind: postgres, standbys: [{ name: a, replication: synchronous }, { name: b, replication: asynchronous }] }",
        steps: "  - { fault: partition, target: db.a, peers: [db.b], at: { after: 500ms } }", // two standbys have nothing to say to each other
      }),
    );
    const { code, results, account } = await run(lab, [file]);
    expect(code, account).toBe(3);
    expect(because(results)).toContain("fault-effect");
  });

  test("too few writes in flight", async () => {
    const file = writeScenario(
      lab,
      "no-load",
      drillText({
        id: "no-load",
        workload: "{ kind: ledger, target: db, rate: 1/s, connections: 1 }",
        steps: `  - { fault: node-loss, target: db.primary, at: { after: 500ms } }
  - { recover: promote, target: db.standby, when: { probe: db, fails: 3, every: 150ms, timeout: 150ms } }`,
      }),
    );
    const { code, results, account } = await run(lab, [file]);
    expect(code, account).toBe(3);
    expect(because(results)).toContain("load");
  });

  test("a stack that never gets steady", async () => {
    const file = writeScenario(
      lab,
      "never-steady",
      drillText({
        id: "never-steady",
        stack:
          "{ kind: postgres, settings: { default_transaction_read_only: on }, standbys: [{ name: standby, replication: synchronous }] }",
        steps: "  - { fault: node-loss, target: db.primary }",
      }),
    );
    const { code, account } = await run(lab, [file]);
    expect(code, account).toBe(3);
  });

  test("an engine that goes away mid-drill", async () => {
    const engine = await fragileEngine(path.join(lab.dir, "engine.sock"));
    afterAll(() => engine.close());
    const file = writeScenario(
      lab,
      "engine-gone",
      drillText({ id: "engine-gone", steps: "  - { fault: node-loss, target: db.primary, at: { after: 20s } }" }),
    );
    const drill = start(lab, ["run", file, "--json"], { DOCKER_HOST: `unix://${engine.path}` });
    await drill.said("fault and recovery");
    engine.close();
    const { code, stdout, stderr } = await drill.ended;
    expect([3, 4], stderr).toContain(code); // inconclusive; or the host could not be cleaned without an engine
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "unknown" });
    const cleanup = await start(lab, ["cleanup"]).ended;
    expect(cleanup.code).toBe(0);
    expect(labelled((JSON.parse(stdout) as { run: string }).run)).toEqual([]);
  });
});

/** A socket in front of the engine's own that can be taken away without hurting the engine. */
async function fragileEngine(socketPath: string): Promise<{ path: string; close(): void }> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect("/var/run/docker.sock");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    path: socketPath,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
