import type Dockerode from "dockerode";
import type { ComponentPaths, NodeStart, StackContext } from "../component.ts";
import type { Filesystem } from "../fault.ts";
import type { EngineEvent } from "../history.ts";
import type { Node, ProgramStart, StartProgram } from "../node.ts";
import { type PlacedNode, startNode } from "./container-node.ts";
import { engine } from "./connect.ts";
import { followEvents } from "./events.ts";
import { createNetwork } from "./network.ts";
import { startPowerSupply } from "./power.ts";
import { startProgram } from "./program.ts";
import { startProxy } from "./proxy.ts";
import { sweep } from "./sweep.ts";

export interface StackOptions {
  readonly run: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Image references by the name that the component gave. */
  readonly images: ReadonlyMap<string, string>;
  readonly proxyImage: string;
  /** How many addresses the drill needs on this host: one a component and one a node. */
  readonly paths: number;
  /** Nodes that some step will cut from the network. */
  readonly cuts: ReadonlySet<string>;
  /** Nodes whose power some step will cut, with the filesystem of their disks. */
  readonly powerCuts: ReadonlyMap<string, Filesystem>;
  readonly powerImage: string;
  readonly witness: (event: EngineEvent) => void;
  readonly lostEngine: (why: string) => void;
}

/** All that a component needs but the others and the record, which the engine does not know. */
export type EngineContext = Omit<StackContext, "component" | "backupTaken">;

/** The run's own corner of the container engine. Disposing of it removes everything that carries the run's label. */
export interface Stack extends AsyncDisposable {
  readonly context: EngineContext;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly startProgram: StartProgram;
  /**
   * Writes out the disks whose power will be cut: a machine is usually up for longer than a kernel keeps what it wrote while it
   * booted. Without this a server that never syncs would lose its own installation too, and nobody could count.
   */
  syncDisks(): Promise<void>;
  /** What could not be removed, in words; filled by disposing. */
  readonly unclean: readonly string[];
}

export async function openStack(options: StackOptions): Promise<Stack> {
  const docker = await engine();
  const nodes = new Map<string, PlacedNode>();
  const unclean: string[] = [];
  const starting: Promise<unknown>[] = [];
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => void unclean.push(...(await sweep(options.run))));
  const stopEvents = await followEvents(docker, options.run, options.witness, options.lostEngine);
  undo.defer(async () => stopEvents());
  undo.defer(async () => void (await Promise.allSettled(starting))); // what is half started would appear after the sweep
  const context = await openContext(docker, options, nodes, starting);
  const program: StartProgram = async (spec: ProgramStart) => {
    options.signal.throwIfAborted();
    const image = options.images.get(spec.image) ?? spec.image;
    const started = startProgram(docker, { ...spec, image }, options.run);
    starting.push(started);
    return started;
  };
  const kept = undo.move();
  const syncDisks = async () => void (await Promise.all([...nodes.values()].map((node) => node.syncDisk())));
  return {
    context,
    nodes,
    startProgram: program,
    syncDisks,
    unclean,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openContext(
  docker: Dockerode,
  options: StackOptions,
  nodes: Map<string, PlacedNode>,
  starting: Promise<unknown>[],
): Promise<EngineContext> {
  const { run, seed, signal, images, cuts, powerCuts, proxyImage } = options;
  const network = await createNetwork(docker, run);
  const proxy = startProxy(docker, { run, image: proxyImage, network, paths: options.paths });
  starting.push(proxy); // awaited by whoever opens a path
  proxy.catch(() => undefined);
  const power = powerCuts.size > 0 ? startPowerSupply(docker, { run, image: options.powerImage }) : null;
  starting.push(power ?? Promise.resolve()); // awaited by a node whose power will be cut
  power?.catch(() => undefined);
  const imageOf = (name: string): string => images.get(name) ?? name;
  return {
    run,
    seed,
    signal,
    addressOf: network.addressOf,
    async startNode(spec: NodeStart): Promise<Node> {
      signal.throwIfAborted();
      const sidecarImage = cuts.has(spec.name) ? proxyImage : null;
      const filesystem = powerCuts.get(spec.name);
      const redial = async (address: string) => (await proxy).redial(address);
      const place = {
        docker,
        run,
        redial,
        network: network.name,
        address: network.addressOf(spec.name),
        sidecarImage,
        power: power && filesystem ? { supply: await power, filesystem } : null,
        addressOf: network.addressOf,
      };
      const started = startNode({ ...spec, image: imageOf(spec.image) }, place);
      starting.push(started);
      const node = await started;
      nodes.set(spec.name, node);
      return node;
    },
    async openPaths(component: string, ports: ReadonlyMap<string, number>, first: string): Promise<ComponentPaths> {
      return (await proxy).openPaths(component, ports, first);
    },
  };
}
