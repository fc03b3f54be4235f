import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Component } from "../component.ts";
import { INSERT_SQL } from "../components/postgres/session.ts";
import { engine } from "../engine/connect.ts";
import { resolveImages } from "../engine/images.ts";
import { labelsFor } from "../engine/labels.ts";
import { OperationLog } from "../workload/operation-log.ts";
import { Prober } from "../workload/probes.ts";
import { Writers } from "../workload/writers.ts";
import type { Figure } from "./figure.ts";
import { openLab } from "./lab.ts";

const CLIENTS = [1, 8];
const SECONDS = 4;
const ROUNDS = 6;
/** More than can be done, so that no connection is ever idle. */
const OVERLOAD = 1.3;

/** The ledger writer against pgbench: the same statement, the same number of clients, the same published port, in turn. */
export async function writerPace(): Promise<Figure[]> {
  const { stack, components } = await openLab({
    db: { kind: "postgres", standbys: [{ name: "standby", replication: "synchronous" }] },
  });
  const db = components.get("db")!;
  await using _down = stack;
  const password = (
    await db.nodes.get("db.primary")!.exec(["cat", "/blackstart/password"], { timeoutMs: 5_000 })
  ).stdout.trim();
  await pgbench(db, password, 2); // warms the caches of both
  const figures: Figure[] = [];
  for (const clients of CLIENTS) figures.push(...(await atSaturation(db, password, clients)));
  return figures;
}

async function atSaturation(db: Component, password: string, clients: number): Promise<Figure[]> {
  const [base, alone, probed]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const tps = await pgbench(db, password, clients);
    base.push(tps);
    // Which of the two comes first alternates, so that a drift of the machine favours neither.
    for (const withProbes of round % 2 === 0 ? [false, true] : [true, false])
      (withProbes ? probed : alone).push(await writers(db, tps * OVERLOAD, clients, withProbes));
  }
  const s = clients === 1 ? "" : "s";
  return [
    {
      what: `ledger writer, ${clients} client${s}, saturated`,
      unit: "writes/s",
      baseline: "pgbench, same statement and clients",
      values: alone,
      against: base,
      wanted: "at least 0.9",
    },
    {
      what: `the same with its two probes at 10/s each`,
      unit: "writes/s",
      baseline: "the writer alone",
      values: probed,
      against: alone,
      wanted: "at least 0.99",
    },
  ];
}

/** Transactions a second, from pgbench's own count: where the harness stands, on the host's network, over the same published port. */
async function pgbench(db: Component, password: string, clients: number): Promise<number> {
  const statement = INSERT_SQL.replace("$1", "'bench-' || :n").replace("$2", `'${"Zm9vYmFy".repeat(5)}'`);
  const script = `\\set n random(1, 1000000000)\n${statement};\n`;
  const address = `-h 127.0.0.1 -p ${db.clients.port} -U postgres postgres`;
  const command = `cd /tmp && printf '%s' "$SCRIPT" > b.sql && $(ls -d /usr/lib/postgresql/*/bin)/pgbench -n -M prepared -c ${clients} -T ${SECONDS} -f b.sql ${address}`;
  const docker = await engine();
  const container = await docker.createContainer({
    Image: (await resolveImages(["postgres"], console.error, AbortSignal.timeout(60_000))).get("postgres")!.reference,
    Entrypoint: ["sh", "-c", command],
    Env: [`SCRIPT=${script}`, `PGPASSWORD=${password}`],
    Labels: labelsFor("bench"),
    HostConfig: { NetworkMode: "host" },
  });
  try {
    await container.start();
    await container.wait();
    const said = (await container.logs({ follow: false, stdout: true, stderr: true })).toString("utf8");
    const tps = /tps = ([\d.]+)/.exec(said)?.[1];
    if (!tps) throw new Error(`pgbench gave no figure: ${said}`);
    return Number(tps);
  } finally {
    await container.remove({ force: true });
  }
}

async function writers(db: Component, ratePerSecond: number, connections: number, probed: boolean): Promise<number> {
  const log = new OperationLog(mkdtempSync(path.join(tmpdir(), "blackstart-bench-")));
  const name = `bench${Math.floor(Math.random() * 1e9)}`;
  const load = new Writers(
    { name, kind: "ledger", targets: ["db"], ratePerSecond, connections, transfers: 0, timeoutMs: 60_000 },
    [db],
    log,
    1,
  );
  const probers = probed
    ? (["write", "read"] as const).map(
        (mode) => new Prober({ name: mode, mode, everyMs: 100, timeoutMs: 500 }, db, () => undefined),
      )
    : [];
  await load.start();
  for (const prober of probers) prober.start();
  await sleep(SECONDS * 1_000);
  const acknowledged = log.operations.filter((o) => o.outcome === "ok");
  const first = acknowledged[0]!.invokedNs;
  const last = acknowledged.reduce((latest, o) => (o.endedNs! > latest ? o.endedNs! : latest), 0n);
  await Promise.all([load.stop(), ...probers.map((prober) => prober.stop())]);
  return acknowledged.length / (Number(last - first) / 1e9);
}
