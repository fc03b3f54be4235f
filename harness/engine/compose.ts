import type { ComponentPaths, NodeStart, StackContext } from "../component.ts";
import { componentKind } from "../components.ts";
import { usage } from "../errors.ts";
import type { Node } from "../node.ts";
import type { Plan } from "../plan.ts";
import { builtReference, recipes } from "./recipes.ts";

/** Where the files that a node gets are kept for use by hand, relative to the repository. */
const FILES_DIR = "fixtures/compose";
const FIRST_HOST_PORT = 15_432;
const FIRST_HOP_PORT = 6_000;
const FIRST_PORT = 9_000;
const PROXY_SERVICE = "clients";
const PASSWORD = "by-hand-only";

interface Path {
  readonly component: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly first: string;
}

/**
 * The stack of a plan as docker-compose.yml and the files it mounts: what the component's own boot code asks for is written down
 * instead of started, so that the two cannot differ. The one secret in it is a password for use on this machine alone.
 */
export async function composeFiles(plan: Plan): Promise<ReadonlyMap<string, string>> {
  const starts: NodeStart[] = [];
  const paths: Path[] = [];
  for (const component of plan.components) {
    const { boot } = await componentKind(component.kind)!.load();
    await boot(component.name, component.config, recorder(component.name, starts, paths), PASSWORD);
  }
  const place = placesOf(starts);
  const files = new Map<string, string>(
    starts.flatMap((start) => start.files.map((file) => [place(start, file), file.content] as const)),
  );
  files.set(`${FILES_DIR}/clients/toxiproxy.json`, `${JSON.stringify(proxies(paths), null, 2)}\n`);
  files.set("docker-compose.yml", composeText(plan, { starts, place, paths }));
  return files;
}

type NodeFile = NodeStart["files"][number];
type Place = (start: NodeStart, file: NodeFile) => string;

/** Where a node's file is kept: once in the component's folder when all its nodes have the same, else in the node's own. */
function placesOf(starts: readonly NodeStart[]): Place {
  const contents = Map.groupBy(
    starts.flatMap((start) => start.files.map((file) => ({ key: sharedPlace(start, file), content: file.content }))),
    ({ key }) => key,
  );
  return (start, file) => {
    const shared = sharedPlace(start, file);
    const same = contents.get(shared)!.every(({ content }) => content === file.content);
    return same ? shared : `${FILES_DIR}/${start.name}/${fileName(file.path)}`;
  };
}

const sharedPlace = (start: NodeStart, file: NodeFile): string =>
  `${FILES_DIR}/${start.name.split(".")[0]}/${fileName(file.path)}`;

/** A stack that starts nothing: nodes are known by their names, which compose resolves. */
function recorder(booting: string, starts: NodeStart[], paths: Path[]): StackContext {
  return {
    run: "compose",
    seed: 0,
    signal: new AbortController().signal,
    addressOf: (node) => node,
    startNode: async (start) => {
      starts.push(start);
      return { name: start.name } as Node;
    },
    openPaths: async (component, ports, first) => {
      const inside = { host: PROXY_SERVICE, port: FIRST_PORT + paths.length };
      paths.push({ component, ports, first });
      return { clients: {} as ComponentPaths["clients"], admin: new Map(), inside };
    },
    backupTaken: () => undefined,
    component: async (name) => {
      throw usage(
        `${booting} makes something in ${name} while it boots, as an archive does, and nothing runs yet when a compose file is written`,
        `leave archive out of ${booting} in a copy of the scenario, or let ./blackstart run boot the stack`,
      );
    },
  };
}

const fileName = (file: string): string => file.split("/").at(-1) ?? file;

/** The same chain as in a drill: the client path leads to a hop on the proxy's loopback, and the hop to the node. */
function proxies(paths: readonly Path[]): object[] {
  let hop = FIRST_HOP_PORT;
  return paths.flatMap(({ component, ports, first }, i) => {
    const hops = new Map([...ports.keys()].map((node) => [node, `127.0.0.1:${hop++}`]));
    const chain = [...ports].map(([node, port]) => ({
      name: node,
      listen: hops.get(node),
      upstream: `${node}:${port}`,
      enabled: true,
    }));
    return [
      ...chain,
      { name: component, listen: `0.0.0.0:${FIRST_PORT + i}`, upstream: hops.get(first), enabled: true },
    ];
  });
}

function composeText(
  plan: Plan,
  { starts, place, paths }: { starts: readonly NodeStart[]; place: Place; paths: readonly Path[] },
): string {
  const services = starts.map((start) => [
    `  ${start.name}:`,
    `    image: ${imageOf(start.image)}`,
    `    user: "0:0"`,
    `    entrypoint: ${JSON.stringify(start.argv)}`,
    `    volumes:`,
    ...start.files.map((file) => `      - ./${place(start, file)}:${file.path}:ro`),
    `      - ${volumeOf(start.name)}:${start.disk}`,
  ]);
  const hosts = paths.map((_path, i) => `127.0.0.1:${FIRST_HOST_PORT + i}`);
  const ports = hosts.map((host, i) => `      - ${host}:${FIRST_PORT + i}`);
  const images = [...new Set([...starts.map(({ image }) => image), "proxy"])].filter((name) => name in recipes);
  return [
    `# The stack of ${plan.scenario.file} for use by hand. Written by \`./blackstart compose ${plan.scenario.file} --write\`; a test keeps it equal to`,
    `# what the drill boots. \`./blackstart images build ${images.join(" ")}\` has the images ready; one that it pulled under another`,
    "# name needs a `docker tag` with the one here. Then `docker compose up --detach`. Clients come in through the proxy, as in a drill, with",
    `# the password ${PASSWORD}: ${paths.map(({ component }, i) => `${component} at ${hosts[i]}`).join(", ")}.`,
    `version: "3.7"`,
    "services:",
    ...services.flat(),
    `  ${PROXY_SERVICE}:`,
    `    image: ${imageOf("proxy")}`,
    `    entrypoint: ["toxiproxy-server", "-host", "0.0.0.0", "-config", "/blackstart/toxiproxy.json"]`,
    "    volumes:",
    `      - ./${FILES_DIR}/clients/toxiproxy.json:/blackstart/toxiproxy.json:ro`,
    "    ports:",
    ...ports,
    "volumes:",
    ...starts.map((start) => `  ${volumeOf(start.name)}:`),
    "",
  ].join("\n");
}

const imageOf = (name: string): string => (name in recipes ? builtReference(name) : name);
const volumeOf = (node: string): string => node.replaceAll(".", "-");
