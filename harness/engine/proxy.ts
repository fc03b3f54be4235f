import type Dockerode from "dockerode";
import { GenericContainer } from "testcontainers";
import { Toxiproxy } from "toxiproxy-node-client";
import type { ComponentPaths } from "../component.ts";
import type { ClientPath, Toxic } from "../node.ts";
import { bracket } from "../time.ts";
import { notReady } from "../errors.ts";
import { awaitCondition, within } from "../wait.ts";
import { atOnce } from "./at-once.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";
import type { RunNetwork } from "./network.ts";
import { startSidecar } from "./sidecar.ts";

const PROXY_NODE = "clients";
const API_PORT = 8474;
const FIRST_PUBLISHED_PORT = 9000;
const FIRST_INNER_PORT = 6000;
const REMOVAL_TIMEOUT_MS = 2_000;
const API_TIMEOUT_MS = 20_000;

/**
 * All client traffic goes through one Toxiproxy, in a chain: the client path leads to an inner hop on its loopback, and the hop
 * to the node. Toxiproxy dials upstream inside its accept loop without a timeout, so a dead node blocks the hop for 71 s; the
 * client path never dials anything but the loopback and can always be re-pointed.
 */
export interface Proxy {
  /**
   * A node is back on the network. What the proxy was still dialling waits for TCP's next retry, up to seconds; a client that
   * dials for itself would have given up and dialled anew. So those attempts end, and the clients behind them try again.
   */
  readonly redial: (address: string) => Promise<void>;
  openPaths(component: string, ports: ReadonlyMap<string, number>, first: string): Promise<ComponentPaths>;
}

export async function startProxy(
  docker: Dockerode,
  options: { run: string; image: string; network: RunNetwork; paths: number },
): Promise<Proxy> {
  const ports = Array.from({ length: options.paths }, (_unused, i) => FIRST_PUBLISHED_PORT + i);
  const container = await new ProxyContainer(options, ports).start();
  const api = `http://127.0.0.1:${container.getMappedPort(API_PORT)}`;
  await answers(api);
  const sidecar = await startSidecar(docker, {
    run: options.run,
    image: options.image,
    node: PROXY_NODE,
    containerId: container.getId(),
  });
  const toxiproxy = new Toxiproxy(api);
  let nextHop = FIRST_INNER_PORT;
  const open = async (name: string, listen: string, upstream: string) =>
    toxiproxy.createProxy({ name, listen, upstream, enabled: true });
  const publish = (): { inside: number; outside: number } => {
    const inside = ports.shift();
    if (inside === undefined) throw new Error("more client paths were asked for than the plan announced");
    return { inside, outside: container.getMappedPort(inside) };
  };
  return {
    redial: sidecar.redial,
    async openPaths(component, nodes, first) {
      const hops = new Map([...nodes.keys()].map((node) => [node, `127.0.0.1:${nextHop++}`]));
      const admin = new Map<string, number>();
      await Promise.all(
        [...nodes].map(async ([node, port]) => {
          const { inside, outside } = publish();
          const upstream = `${options.network.addressOf(node)}:${port}`;
          admin.set(node, outside);
          await Promise.all([
            open(`${node}~admin`, `0.0.0.0:${inside}`, upstream),
            open(node, hops.get(node) ?? "", upstream),
          ]);
        }),
      );
      const { inside, outside } = publish();
      await open(component, `0.0.0.0:${inside}`, hops.get(first) ?? "");
      return {
        admin,
        clients: clientPath(toxiproxy, api, component, outside, hops, first),
        inside: { host: options.network.addressOf(PROXY_NODE), port: inside },
      };
    },
  };
}

async function answers(api: string): Promise<void> {
  const signal = AbortSignal.timeout(API_TIMEOUT_MS);
  const up = () =>
    fetch(`${api}/version`, { signal }).then(
      (answer) => answer.ok,
      () => false,
    );
  if (!(await awaitCondition(up, { everyMs: 10, timeoutMs: API_TIMEOUT_MS, signal: new AbortController().signal })))
    throw notReady(
      `the proxy did not answer on ${api} within ${API_TIMEOUT_MS} ms`,
      "ports that the engine publishes must be reachable on 127.0.0.1 of this machine",
    );
}

class ProxyContainer extends GenericContainer {
  readonly #address: string;
  readonly #network: string;

  constructor(options: { run: string; image: string; network: RunNetwork }, ports: readonly number[]) {
    super(options.image);
    this.#address = options.network.addressOf(PROXY_NODE);
    this.#network = options.network.name;
    this.withName(`blackstart-${options.run}-clients`).withNetworkMode(options.network.name).withAutoRemove(false);
    this.withLabels({ ...labelsFor(options.run), [NODE_LABEL]: PROXY_NODE });
    this.withEntrypoint(["toxiproxy-server", "-host", "0.0.0.0", "-port", String(API_PORT)]);
    this.withExposedPorts(API_PORT, ...ports).withWaitStrategy(atOnce);
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.createOpts.Cmd = [];
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [this.#network]: { IPAMConfig: { IPv4Address: this.#address } } },
    };
    for (const bindings of Object.values(
      (this.hostConfig.PortBindings ?? {}) as Record<string, { HostIp?: string }[]>,
    )) {
      for (const binding of bindings) binding.HostIp = "127.0.0.1";
    }
  }
}

function clientPath(
  toxiproxy: Toxiproxy,
  api: string,
  component: string,
  port: number,
  hops: ReadonlyMap<string, string>,
  first: string,
): ClientPath {
  let leadsTo = first;
  let poisons = 0;
  return {
    host: "127.0.0.1",
    port,
    get leadsTo() {
      return leadsTo;
    },
    async repoint(node) {
      const upstream = hops.get(node);
      if (!upstream) throw new Error(`${node} is not behind the client path of ${component}`);
      const { at } = await bracket(() => patch(`${api}/proxies/${component}`, { upstream }));
      leadsTo = node;
      return at;
    },
    async poison(toxic: Toxic) {
      const name = `${toxic.type}-${++poisons}`;
      const { at } = await bracket(async () => {
        const proxy = await toxiproxy.get(component);
        await proxy.addToxic({
          name,
          type: toxic.type,
          stream: toxic.stream,
          toxicity: 1,
          attributes: toxic.attributes,
        });
      });
      return { at, cure: () => removeToxic(`${api}/proxies/${component}/toxics/${name}`) };
    },
  };
}

/** Only `upstream` is sent: resending `listen` would restart the proxy on it, and the node client's POST is deprecated. */
async function patch(url: string, body: { upstream: string }): Promise<void> {
  const answer = await fetch(url, { method: "PATCH", body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`the proxy refused to re-point (${answer.status}): ${await answer.text()}`);
}

/** Removal can hang while a connection is stuck in the toxic; the proxy has forgotten the toxic by then all the same. */
async function removeToxic(url: string): Promise<void> {
  const answer = await within(REMOVAL_TIMEOUT_MS, fetch(url, { method: "DELETE" }), "the toxic was not removed");
  if (!answer.ok && answer.status !== 404) throw new Error(`the proxy did not remove the toxic (${answer.status})`);
}
