import { randomBytes } from "node:crypto";
import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from "@aws-sdk/client-s3";
import type { Boot, Component, ReadBackSink, Session, StackContext } from "../../component.ts";
import type {
  Attempt,
  Corruption,
  CorruptOptions,
  Drives,
  Elements,
  Expiry,
  Intrusion,
  Reconcilable,
  Serviceable,
} from "../../capabilities.ts";
import type { Depot, DepotAccess } from "../../archive.ts";
import { notReady } from "../../errors.ts";
import { serverCertificate } from "../certificate.ts";
import { factsOf } from "../facts.ts";
import { awaitReady } from "../readiness.ts";
import type { NodeFacts } from "../../history.ts";
import type { ClientPath, Node } from "../../node.ts";
import type { Bracket } from "../../time.ts";
import {
  type Client,
  codeOf,
  type Endpoint,
  LEDGER,
  openClient,
  patience,
  PROBES,
  REGION,
  urlOf,
  wordsOf,
} from "./client.ts";
import type { S3Config } from "./config.ts";
import { getObject, keepVersions, makeBucket, makeDepot, objectsIn, putObject, removeObject } from "./depot.ts";
import { objectElements } from "./elements.ts";
import type { Booting, Store } from "./provider.ts";
import { providerOf } from "./providers.ts";
import { expire } from "./expire.ts";
import { intrude } from "./intruder.ts";
import { readBack } from "./read-back.ts";
import { restoreAsOf } from "./restore.ts";
import { serve } from "./serve.ts";
import { openSession, probe, type SessionContext, type Written } from "./session.ts";
import { tamper } from "./tamper.ts";

const READY_TIMEOUT_MS = 120_000;
/** One try while the store comes up. */
const TRY_MS = 2_000;
const ANSWER_MS = 10_000;

/** Starts the product that the config names and returns; `ready` waits until it serves. */
export const boot: Boot<S3Config> = async (name, config, context, password = randomBytes(24).toString("base64url")) => {
  const credentials = { accessKeyId: "blackstart", secretAccessKey: password };
  const provider = providerOf(config);
  const [{ start }, certificate] = await Promise.all([
    provider.load(),
    config.tls ? serverCertificate(name, addresses(name, config, context)) : null,
  ]);
  const endpoint = (port: number): Endpoint => ({ port, caPem: certificate?.caPem ?? null });
  const booting: Booting = { name, config, context, credentials, certificate, endpoint };
  return new S3Component(booting, await start(booting));
};

/** Under which the store is reached: on this machine, inside the run's network, and node by node. */
const addresses = (name: string, config: S3Config, { addressOf }: StackContext): string[] => [
  "127.0.0.1",
  addressOf("clients"),
  ...providerOf(config)
    .nodes(config)
    .map((node) => addressOf(`${name}.${node.name}`)),
];

class S3Component implements Component, Reconcilable, Serviceable, Depot {
  readonly kind = "s3";
  readonly name: string;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly clients: ClientPath;
  readonly elements: Elements;
  readonly #config: S3Config;
  readonly #store: Store;
  readonly #session: SessionContext;
  readonly #written: Written = {
    sent: new Map(),
    acknowledged: new Map(),
    shared: new Set(),
    versions: new Map(),
  };
  /** The harness's own clients, one a door, on paths that toxics never touch. */
  readonly #doors: ReadonlyMap<string, Client>;

  readonly drives: Drives | undefined;
  readonly corrupt: ((options: CorruptOptions) => Promise<Corruption>) | undefined;
  readonly scrub: ((signal: AbortSignal) => Promise<string>) | undefined;
  readonly expire: ((days: number) => Promise<Expiry>) | undefined;

  constructor(booting: Booting, store: Store) {
    const { name, config, credentials, endpoint } = booting;
    this.name = name;
    this.nodes = store.nodes;
    this.clients = store.paths.clients;
    this.#config = config;
    this.#store = store;
    this.elements = objectElements(() => this.#door(this.clients.leadsTo));
    this.#session = {
      config,
      credentials,
      at: endpoint(store.paths.clients.port),
      clients: store.paths.clients,
      refusals: providerOf(config).refusals,
      written: this.#written,
    };
    this.drives = store.drives;
    this.scrub = store.scrub?.bind(store);
    const runRules = store.runRules?.bind(store);
    this.expire = runRules && ((days) => expire(this.#served, days, this.#written.acknowledged, runRules));
    this.corrupt = store.damage && ((options) => this.#corrupt(options));
    this.#doors = new Map(
      store.doors.map((door) => [door, openClient(endpoint(store.paths.admin.get(door) ?? 0), credentials, 32)]),
    );
  }

  /** Proven by an object that is written and read back at every door: health endpoints say yes without a quorum. */
  async ready(signal: AbortSignal): Promise<void> {
    await awaitReady({
      name: this.name,
      nodes: this.nodes.values(),
      missing: () => this.#missing(),
      everyMs: 50,
      timeoutMs: READY_TIMEOUT_MS,
      signal,
    });
  }

  async #missing(): Promise<string> {
    let what = "no bucket could be made";
    try {
      for (const site of this.#store.sites) await makeBucket(this.#door(site), PROBES, TRY_MS);
      for (const [door, client] of this.#doors) {
        what = `${door} does not serve`;
        for (const mode of ["write", "read"] as const) await probe(client, mode, TRY_MS);
      }
      return "";
    } catch (thrown) {
      return `${what}: ${wordsOf(thrown)}`;
    }
  }

  async prepare(): Promise<void> {
    const { lock, bucket, versioning } = this.#config;
    for (const site of this.#store.sites) {
      const client = this.#door(site);
      await makeBucket(client, LEDGER, ANSWER_MS, lock !== undefined && !bucket.existing);
      if (versioning) await keepVersions(client, LEDGER);
    }
    await this.#store.settle?.(AbortSignal.timeout(READY_TIMEOUT_MS));
  }

  connect(timeoutMs: number): Promise<Session> {
    return openSession(this.#session, timeoutMs);
  }

  serviceAccess(): Record<string, string | number> {
    if (this.#config.lock)
      throw notReady(
        `${this.name} locks every object, which the order service does not do`,
        "leave lock out, or use a workload that writes by itself",
      );
    const { at, credentials } = this.#session;
    return { endpoint: urlOf(at), bucket: LEDGER, ...credentials, caPem: at.caPem ?? "" };
  }

  async depot(bucket: string): Promise<DepotAccess> {
    for (const site of this.#store.sites) await makeDepot(this.#door(site), bucket, this.#config);
    const about = { region: REGION, bucket, provider: providerOf(this.#config).name };
    const { caPem } = this.#session.at;
    return { ...this.#store.paths.inside, tls: caPem !== null, caPem, ...this.#session.credentials, ...about };
  }

  objects(bucket: string, prefix: string): Promise<{ key: string; bytes: number }[]> {
    return objectsIn(this.#served, bucket, prefix);
  }

  getObject(bucket: string, key: string): Promise<Buffer> {
    return getObject(this.#served, bucket, key);
  }

  putObject(bucket: string, key: string, body: Uint8Array): Promise<void> {
    return putObject(this.#served, bucket, key, body);
  }

  removeObject(bucket: string, key: string): Promise<void> {
    return removeObject(this.#served, bucket, key);
  }

  facts(at: NodeFacts["at"]): Promise<Omit<NodeFacts, "ms">[]> {
    for (const client of this.#doors.values()) client.dropIdle();
    return factsOf(this, [...this.nodes.values()], at, async (node, { serves, timeoutMs }) => ({
      ...(await this.#store.facts(node, at, timeoutMs)),
      ...(await this.#bucketFacts(node, timeoutMs)),
      ...(at === "recovered" && serves && { inventory: this.#inventoryWords() }),
    }));
  }

  #inventoryWords(): string {
    return this.#config.versioning
      ? "the store's own index of versions, of objects whose newest entry is no delete marker"
      : "the store's own listing of its objects";
  }

  /** What the bucket says of itself, at a node that speaks S3. */
  async #bucketFacts(node: Node, timeoutMs: number): Promise<Record<string, string>> {
    const client = this.#doors.get(node.name);
    if (!client) return {};
    const ask = { Bucket: LEDGER };
    const versioning = await client.s3.send(new GetBucketVersioningCommand(ask), patience(timeoutMs));
    return { versioning: versioning.Status ?? "off", object_lock: await lockFact(client, timeoutMs) };
  }

  /** The Date of an answer has whole seconds, which is too coarse to be held against another clock. */
  async clocks(): Promise<[]> {
    return [];
  }

  async readBack(sink: ReadBackSink): Promise<void> {
    this.#served.dropIdle();
    await readBack(this.#served, { name: this.name, versioned: this.#config.versioning, written: this.#written }, sink);
  }

  async #corrupt(options: CorruptOptions): Promise<Corruption> {
    const chosen = this.#first(options.elements);
    const damage = await this.#store.damage!([...chosen.keys()], options);
    return { ...damage, serve: () => serve(this.#served, chosen) };
  }

  intrude(deed: "delete" | "overwrite", share: number, signal: AbortSignal): Promise<Intrusion> {
    const count = Math.ceil(this.#written.acknowledged.size * share);
    return intrude(this.#served, deed, this.#first(count), signal);
  }

  tamper(attempted: (attempt: Attempt) => void, signal: AbortSignal): Promise<Bracket> {
    return tamper({ s3: this.#served.s3, config: this.#config, attempted, signal });
  }

  restoreAsOf(wallMs: number, signal: AbortSignal): Promise<string> {
    return restoreAsOf(this.#served, wallMs, signal);
  }

  /** The first so many that were acknowledged, with the hash of what was sent. */
  #first(count: number): Map<string, string> {
    const chosen = new Map([...this.#written.acknowledged].slice(0, count));
    if (chosen.size < count)
      throw new Error(`only ${chosen.size} objects were acknowledged so far, ${count} are needed`);
    return chosen;
  }

  redundancy(): Promise<{ restored: boolean; detail: string }> {
    return this.#store.redundancy();
  }

  awaitTrigger(trigger: string): Promise<void> {
    return Promise.reject(new Error(`${this.name} has no event ${trigger}`));
  }

  async close(): Promise<void> {
    for (const client of this.#doors.values()) client.close();
    await this.#store.close?.();
  }

  /** The door that clients are led to now. */
  get #served(): Client {
    return this.#door(this.clients.leadsTo);
  }

  #door(node: string): Client {
    const client = this.#doors.get(node);
    if (!client) throw new Error(`${node} does not speak S3`);
    return client;
  }
}

async function lockFact({ s3 }: Client, timeoutMs: number): Promise<string> {
  try {
    const { ObjectLockConfiguration: lock } = await s3.send(
      new GetObjectLockConfigurationCommand({ Bucket: LEDGER }),
      patience(timeoutMs),
    );
    return lock?.ObjectLockEnabled ?? "off";
  } catch (thrown) {
    if (codeOf(thrown) === "ObjectLockConfigurationNotFoundError") return "off";
    throw thrown;
  }
}
