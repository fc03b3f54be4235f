import type Dockerode from "dockerode";
import type { ComponentPaths, NodeStart, StackContext } from "../component.ts";
import type { EngineEvent } from "../history.ts";
import type { Node } from "../node.ts";
import { startNode } from "./container-node.ts";
import { engine } from "./connect.ts";
import { followEvents } from "./events.ts";
import { createNetwork } from "./network.ts";
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
  readonly witness: (event: EngineEvent) => void;
  readonly lostEngine: (why: string) => void;
}

/** The run's own corner of the container engine. Disposing of it removes everything that carries the run's label. */
export interface Stack extends AsyncDisposable {
  readonly context: StackContext;
  readonly nodes: ReadonlyMap<string, Node>;
  /** What could not be removed, in words; filled by disposing. */
  readonly unclean: readonly string[];
}

export async function openStack(options: StackOptions): Promise<Stack> {
  const docker = await engine();
  const nodes = new Map<string, Node>();
  const unclean: string[] = [];
  const starting: Promise<unknown>[] = [];
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => void unclean.push(...(await sweep(options.run))));
  const stopEvents = await followEvents(docker, options.run, options.witness, options.lostEngine);
  undo.defer(async () => stopEvents());
  undo.defer(async () => void (await Promise.allSettled(starting))); // what is half started would appear after the sweep
  const context = await openContext(docker, options, nodes, starting);
  const kept = undo.move();
  return { context, nodes, unclean, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function openContext(
  docker: Dockerode,
  options: StackOptions,
  nodes: Map<string, Node>,
  starting: Promise<unknown>[],
): Promise<StackContext> {
  const { run, seed, signal, images, cuts, proxyImage } = options;
  const network = await createNetwork(docker, run);
  const proxy = startProxy(docker, { run, image: proxyImage, network, paths: options.paths });
  starting.push(proxy); // awaited by whoever opens a path
  proxy.catch(() => undefined);
  const imageOf = (name: string): string => images.get(name) ?? name;
  return {
    run,
    seed,
    signal,
    addressOf: network.addressOf,
    async startNode(spec: NodeStart): Promise<Node> {
      signal.throwIfAborted();
      const sidecarImage = cuts.has(spec.name) ? proxyImage : null;
      const redial = async (address: string) => (await proxy).redial(address);
      const place = {
        docker,
        run,
        redial,
        network: network.name,
        address: network.addressOf(spec.name),
        sidecarImage,
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
