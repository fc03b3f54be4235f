import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type Dockerode from "dockerode";
import { GenericContainer } from "testcontainers";
import type { NodeStart } from "../component.ts";
import { messageOf, notReady } from "../errors.ts";
import type { Filesystem } from "../fault.ts";
import type { Cut, ExecResult, Node, PowerCut } from "../node.ts";
import { bracket, nowNs } from "../time.ts";
import { within } from "../wait.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";
import type { PowerSupply, PowerSwitch } from "./power.ts";
import { collect, rescue } from "./rescue.ts";
import { type Sidecar, startSidecar } from "./sidecar.ts";
import { isGone } from "./sweep.ts";
import { atOnce } from "./at-once.ts";

export interface NodePlace {
  readonly docker: Dockerode;
  readonly run: string;
  readonly network: string;
  readonly address: string;
  /** Image of the network sidecar; null when no step of this drill cuts this node. */
  readonly sidecarImage: string | null;
  /** Where the disk comes from whose power is cut; null when no step of this drill does that to this node. */
  readonly power: { readonly supply: PowerSupply; readonly filesystem: Filesystem } | null;
  readonly addressOf: (name: string) => string;
  /** To be called when the node is back on the network: see Proxy.redial. */
  readonly redial: (address: string) => Promise<void>;
}

/** A node as the stack holds it. */
export interface PlacedNode extends Node {
  /** What stands on the disk is written out to it, where its power is to be cut; elsewhere nobody could tell. */
  syncDisk(): Promise<void>;
}

class PlacedContainer extends GenericContainer {
  constructor(spec: NodeStart, place: NodePlace, volume: string) {
    super(spec.image);
    const name = `blackstart-${place.run}-${spec.name}`;
    this.withName(name)
      .withNetworkMode(place.network)
      .withEnvironment(spec.env)
      .withWaitStrategy(atOnce)
      .withAutoRemove(false);
    this.withLabels({ ...labelsFor(place.run), [NODE_LABEL]: spec.name }).withUser("0:0");
    this.withEntrypoint([...spec.argv]).withCopyContentToContainer(
      spec.files.map((f) => ({ content: f.content, target: f.path, mode: f.mode })),
    );
    this.withBindMounts([{ source: volume, target: spec.disk, mode: "rw" }]);
    this.createOpts.Cmd = [];
    this.createOpts.Hostname = spec.name;
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [place.network]: { IPAMConfig: { IPv4Address: place.address } } },
    };
    if (spec.memoryBytes) this.hostConfig.Memory = spec.memoryBytes;
  }
}

/** Starts one machine of the stack: a container with a fixed address, a volume for its disk, and the run's label on both. */
export async function startNode(spec: NodeStart, place: NodePlace): Promise<PlacedNode> {
  const volume = `blackstart-${place.run}-${spec.name}`;
  const { power, docker, run } = place;
  if (power) await power.supply.makeDisk(volume, spec.name, power.filesystem);
  else await docker.createVolume({ Name: volume, Labels: { ...labelsFor(run), [NODE_LABEL]: spec.name } });
  const started = await new PlacedContainer(spec, place, volume).start().catch((thrown: unknown) => {
    if (!power || !messageOf(thrown).includes("mount")) throw thrown;
    throw notReady(
      `the engine cannot mount the ${power.filesystem} disk of ${spec.name}: ${messageOf(thrown)}`,
      "blackstart doctor says what the kernel or the engine lacks",
      thrown,
    );
  });
  const node = new ContainerNode(spec, volume, place, place.docker.getContainer(started.getId()));
  try {
    await node.attachShells();
  } catch (thrown) {
    if ((await node.state()) !== "stopped") throw thrown;
    throw notReady(
      `${spec.name} ended while it booted. Its last words:\n${(await node.logs()).trim().split("\n").slice(-8).join("\n")}`,
      "look at the image and the settings of this component",
      thrown,
    );
  }
  return node;
}

class ContainerNode implements PlacedNode {
  readonly name: string;
  readonly address: string;
  readonly #volume: string;
  readonly #image: string;
  readonly disk: string;
  readonly #place: NodePlace;
  readonly #container: Dockerode.Container;
  #sidecar: Sidecar | undefined;
  #power: PowerSwitch | undefined;
  /** A loss of power under way; the machine cannot start before it has ended. */
  #goingDark: Promise<unknown> = Promise.resolve();
  /** Cuts whose rules stand in the node's namespace. */
  readonly #cuts = new Set<Cut>();
  /** What the log said before the machine was discarded. */
  #lastLogs: string | undefined;

  constructor(spec: NodeStart, volume: string, place: NodePlace, container: Dockerode.Container) {
    this.name = spec.name;
    this.#image = spec.image;
    this.disk = spec.disk;
    this.address = place.address;
    this.#volume = volume;
    this.#place = place;
    this.#container = container;
  }

  async attachShells(): Promise<void> {
    await Promise.all([this.#attachSidecar(), this.#attachPower()]);
  }

  async #attachSidecar(): Promise<void> {
    const { docker, run, sidecarImage: image } = this.#place;
    if (image)
      this.#sidecar = await startSidecar(docker, { run, image, node: this.name, containerId: this.#container.id });
  }

  /** The switch of a machine that was merely killed is still there, and so is its disk. */
  async #attachPower(): Promise<void> {
    this.#power ??= await this.#place.power?.supply.attach(this.#volume, this.name);
  }

  async state(): Promise<"running" | "paused" | "stopped"> {
    if (this.#lastLogs !== undefined) return "stopped";
    const { State } = await this.#container.inspect();
    if (State.Paused) return "paused";
    return State.Running ? "running" : "stopped";
  }

  async kill(signal: string) {
    const ended = this.#container.wait(); // asked before the signal, so that it answers the moment the process is gone
    ended.catch(() => undefined);
    const fromNs = nowNs();
    await this.#container.kill({ signal });
    await within(60_000, ended, `${this.name} did not end after ${signal}`);
    return { fromNs, toNs: nowNs() };
  }

  /** A started machine has a new network namespace, in which the old sidecar's rules would do nothing. */
  async start(): Promise<void> {
    await Promise.all([this.#goingDark, this.#sidecar?.stop()]);
    this.#cuts.clear();
    await this.#container.start();
    await Promise.all([this.#place.redial(this.address), this.attachShells()]);
  }

  async pause() {
    return (await bracket(() => this.#container.pause())).at;
  }

  async resume(): Promise<void> {
    await this.#container.unpause();
    await this.#place.redial(this.address);
  }

  async exec(
    argv: readonly string[],
    options: { timeoutMs: number; stdin?: string; env?: Record<string, string> },
  ): Promise<ExecResult> {
    const Env = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
    const exec = await this.#container.exec({
      Cmd: [...argv],
      AttachStdout: true,
      AttachStderr: true,
      AttachStdin: options.stdin !== undefined,
      Env,
    });
    const stream = await exec.start({ hijack: options.stdin !== undefined, stdin: options.stdin !== undefined });
    if (options.stdin !== undefined) stream.end(options.stdin);
    const [stdout, stderr] = await within(
      options.timeoutMs,
      collect(this.#place.docker, stream),
      `\`${argv[0]}\` in ${this.name} did not end`,
    );
    const { ExitCode } = await exec.inspect();
    return { code: ExitCode ?? -1, stdout, stderr };
  }

  async onDisk(argv: readonly string[], options: { timeoutMs: number; stdin?: string }): Promise<ExecResult> {
    if ((await this.state()) === "running") return this.exec(argv, options);
    if (this.#lastLogs !== undefined) throw new Error(`${this.name} has no disk any more`);
    const { docker, run } = this.#place;
    const disk = { run, node: this.name, image: this.#image, volume: this.#volume, path: this.disk };
    return rescue(docker, disk, argv, options);
  }

  async cut(cut: Cut) {
    const at = await this.#net().apply(this.#rules(cut).map((rule) => `-A ${rule}`));
    this.#cuts.add(cut);
    return at;
  }

  async join(cut: Cut): Promise<void> {
    if (!this.#sidecar || (await this.state()) === "stopped") return; // a dead namespace took its rules with it
    if (!this.#cuts.delete(cut)) return;
    await this.#sidecar.apply(this.#rules(cut).map((rule) => `-D ${rule}`));
    await this.#place.redial(this.address);
  }

  async droppedPackets(): Promise<number> {
    return this.#net().dropped();
  }

  cutPower(): Promise<PowerCut> {
    const dark = this.#goDark();
    this.#goingDark = dark;
    return dark;
  }

  /** A server that hits its dead disk may end before the signal reaches it. */
  async #goDark(): Promise<PowerCut> {
    const [power, supply] = [this.#power, this.#place.power?.supply];
    if (!power || !supply)
      throw new Error(`the power of ${this.name} cannot be cut: the plan announced no fault that does`);
    this.#power = undefined;
    const cut = await power.cut();
    await this.kill("SIGKILL").catch(async (thrown: unknown) => {
      if ((await this.state()) !== "stopped") throw thrown;
    });
    await power.release();
    await supply.forget(this.#volume);
    return cut;
  }

  async syncDisk(): Promise<void> {
    await this.#power?.sync();
  }

  async discard(): Promise<void> {
    this.#lastLogs = await this.#readLogs();
    await Promise.all([this.#sidecar?.stop(), this.#power?.release()]);
    await this.#container.remove({ force: true, v: true });
    await this.#place.docker.getVolume(this.#volume).remove({ force: true });
  }

  async logs(): Promise<string> {
    return this.#lastLogs ?? (await this.#readLogs());
  }

  async awaitLog(pattern: RegExp, signal: AbortSignal): Promise<void> {
    const stream = await this.#container.logs({ follow: true, stdout: true, stderr: true, tail: 0 });
    const output = new PassThrough();
    this.#place.docker.modem.demuxStream(stream, output, output);
    const lines = createInterface({ input: output, signal });
    try {
      for await (const line of lines) if (pattern.test(line)) return;
    } finally {
      (stream as unknown as { destroy(): void }).destroy();
    }
    signal.throwIfAborted();
    throw new Error(`the log of ${this.name} ended before ${String(pattern)} came`);
  }

  #rules({ direction, peers }: Cut): string[] {
    const rules: string[] = [];
    const drop = (input: string, output: string) => {
      if (direction !== "out") rules.push(`INPUT ${input} -j DROP`);
      if (direction !== "in") rules.push(`OUTPUT ${output} -j DROP`);
    };
    if (peers === "all") drop("! -i lo", "! -o lo");
    else for (const peer of peers) drop(`-s ${this.#place.addressOf(peer)}`, `-d ${this.#place.addressOf(peer)}`);
    return rules;
  }

  #net(): Sidecar {
    if (!this.#sidecar)
      throw new Error(`${this.name} has no network sidecar: the plan announced no fault that cuts it`);
    return this.#sidecar;
  }

  async #readLogs(): Promise<string> {
    try {
      return demuxed(await this.#container.logs({ follow: false, stdout: true, stderr: true }));
    } catch (thrown) {
      if (isGone(thrown)) return "";
      throw new Error(`the log of ${this.name} could not be read: ${messageOf(thrown)}`, { cause: thrown });
    }
  }
}

/** Both streams in the order in which they were written: frames of an 8-byte header (stream, 3 zeros, big-endian length) and text. */
function demuxed(frames: Buffer): string {
  const texts: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    texts.push(frames.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(texts).toString("utf8");
}
