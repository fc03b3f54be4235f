import { randomBytes } from "node:crypto";
import type { Component } from "../component.ts";
import { type Depot, type DepotAccess, isDepot } from "../archive.ts";
import { s3 } from "../components/s3/kind.ts";
import { raiseAll } from "../drill/raise.ts";
import { obtainable, resolveImages } from "../engine/images.ts";
import { openStack } from "../engine/stack.ts";
import type { ExecResult, Node } from "../node.ts";

export const BUCKET = "archive";
/** Of curl in the archiver's node. */
export const PATIENCE_S = 2;
const EXEC_MS = 60_000;

/** A store in a network of its own, and a node beside it that archives into it as a database's node would. */
export interface DepotLab extends AsyncDisposable {
  readonly store: Component & Depot;
  readonly access: DepotAccess;
  readonly archiver: Node;
  /** pgBackRest's own commands on the repository; `ca`: whom it trusts, `none` for the authorities of its machine. */
  pgbackrest(command: readonly string[], options?: { stdin?: string; ca?: "own" | "none" }): Promise<ExecResult>;
}

export const imageOf = (config: object): string => s3.nodes(s3.config.parse(config))[0]!.image;

export async function openDepotLab(config: object, cuts: readonly string[] = []): Promise<DepotLab> {
  const parsed = s3.config.parse(config);
  const signal = AbortSignal.timeout(240_000);
  const wanted = ["postgres-tools", "proxy", imageOf(config)];
  if (!(await obtainable(wanted))) throw new Error(`${wanted.join(", ")} cannot be had here`);
  const images = await resolveImages(wanted, (line) => console.error(line), signal);
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(
    await openStack({
      run: `depot-${randomBytes(3).toString("hex")}`,
      seed: 1,
      signal,
      images: new Map([...images].map(([name, image]) => [name, image.reference])),
      proxyImage: images.get("proxy")!.reference,
      paths: 1 + s3.nodes(parsed).length,
      powerCuts: new Map(),
      powerImage: "power",
      cuts: new Set(cuts),
      witness: () => undefined,
      lostEngine: (why) => {
        throw new Error(`the engine went away: ${why}`);
      },
    }),
  );
  const booted: Component[] = [];
  undo.defer(async () => void (await Promise.all(booted.map((component) => component.close()))));
  const planned = { name: "store", kind: s3.kind, config: parsed, nodes: [] };
  await raiseAll([planned], stack.context, signal, (component) => booted.push(component));
  const store = booted[0]!;
  if (!isDepot(store)) throw new Error("the store keeps nothing for others");
  const access = await store.depot(BUCKET);
  const archiver = await stack.context.startNode({
    name: "db.archiver",
    image: "postgres-tools",
    argv: ["sleep", "infinity"],
    env: {},
    disk: "/blackstart/disk",
    files: [
      { path: "/blackstart/own.conf", content: pgbackrestConf(access, "/blackstart/ca.crt"), mode: 0o600 },
      { path: "/blackstart/none.conf", content: pgbackrestConf(access, null), mode: 0o600 },
      { path: "/blackstart/ca.crt", content: access.caPem ?? "", mode: 0o644 },
      {
        path: "/blackstart/curl.conf",
        content: curlConf(access),
        mode: 0o600,
      },
    ],
  });
  const kept = undo.move();
  return {
    store,
    access,
    archiver,
    pgbackrest: (command, { stdin, ca = "own" } = {}) =>
      archiver.exec(["pgbackrest", `--config=/blackstart/${ca}.conf`, ...command], {
        timeoutMs: EXEC_MS,
        ...(stdin !== undefined && { stdin }),
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const curlConf = ({ accessKeyId, secretAccessKey, region }: DepotAccess): string =>
  [
    `user = "${accessKeyId}:${secretAccessKey}"`,
    `aws-sigv4 = "aws:amz:${region}:s3"`,
    `max-time = ${PATIENCE_S}`,
    "silent",
    "show-error",
    "fail",
  ].join("\n");

function pgbackrestConf(access: DepotAccess, ca: string | null): string {
  const settings: Record<string, string | number> = {
    "repo1-type": "s3",
    "repo1-path": "/",
    "repo1-s3-endpoint": access.host,
    "repo1-storage-port": access.port,
    "repo1-s3-uri-style": "path",
    "repo1-s3-region": access.region,
    "repo1-s3-bucket": access.bucket,
    "repo1-s3-key": access.accessKeyId,
    "repo1-s3-key-secret": access.secretAccessKey,
    ...(ca !== null && { "repo1-storage-ca-file": ca }),
    "log-path": "/tmp",
    "log-level-console": "warn",
    "io-timeout": 5,
  };
  return `[global]\n${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("")}`;
}
