import { PassThrough, type Duplex } from "node:stream";
import { createInterface } from "node:readline";
import type Dockerode from "dockerode";
import { NODE_LABEL, labelsFor } from "./labels.ts";
import { messageOf, notReady } from "../errors.ts";
import { bracket, type Bracket } from "../time.ts";
import { within } from "../wait.ts";

const APPLY_TIMEOUT_MS = 5_000;

/**
 * A shell inside a node's network namespace, attached on standard input: it applies a rule in 3 to 7 ms, where an exec takes 58
 * to 181 ms. It has NET_ADMIN and nothing else, a read-only disk, and is started before the drill.
 */
export interface Sidecar {
  /** Feeds the rules to iptables-nft-restore in one commit; effective when it resolves. */
  apply(rules: readonly string[]): Promise<Bracket>;
  /** Packets that the DROP rules have counted. */
  dropped(): Promise<number>;
  /** Ends connection attempts to an address that nobody has answered yet. */
  readonly redial: (address: string) => Promise<void>;
  stop(): Promise<void>;
}

const LOOP = 'while IFS= read -r l; do eval "$l"; echo "@@$?"; done';

export async function startSidecar(
  docker: Dockerode,
  options: { run: string; image: string; node: string; containerId: string },
): Promise<Sidecar> {
  const container = await docker.createContainer({
    Image: options.image,
    Entrypoint: ["bash", "-c", LOOP],
    Cmd: [],
    User: "0:0",
    OpenStdin: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { ...labelsFor(options.run), [NODE_LABEL]: `${options.node}~net` },
    HostConfig: {
      NetworkMode: `container:${options.containerId}`,
      CapDrop: ["ALL"],
      CapAdd: ["NET_ADMIN"],
      ReadonlyRootfs: true,
      Tmpfs: { "/run": "" },
    },
  });
  const stream = (await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  })) as Duplex;
  await container.start();
  const shell = converse(docker, stream, options.node);
  try {
    await shell("printf '*filter\\nCOMMIT\\n' | iptables-nft-restore -n");
  } catch (thrown) {
    throw notReady(
      `this machine cannot drop a node's packets: ${messageOf(thrown)}`,
      "blackstart doctor says what the kernel or the engine lacks",
      thrown,
    );
  }
  return {
    async apply(rules) {
      const text = ["*filter", ...rules, "COMMIT", ""].join("\\n");
      const { at } = await bracket(() => shell(`printf '${text}' | iptables-nft-restore -n`));
      return at;
    },
    async dropped() {
      const lines = await shell("iptables-nft-save -c -t filter");
      return lines.reduce((sum, line) => sum + Number(/^\[(\d+):\d+\].*-j DROP$/.exec(line)?.[1] ?? 0), 0);
    },
    redial: async (address) => {
      await shell(`ss -K -t state syn-sent dst ${address} >/dev/null`);
    },
    async stop() {
      stream.end();
      await container.remove({ force: true }).catch(() => undefined); // the sweep at the end of the run takes what is left
    },
  };
}

/** One command at a time; its output lines, or an error with what it said. */
function converse(docker: Dockerode, stream: Duplex, node: string): (command: string) => Promise<string[]> {
  const output = new PassThrough();
  docker.modem.demuxStream(stream, output, output);
  const lines = createInterface({ input: output });
  let said: string[] = [];
  let answer: ((code: number) => void) | undefined;
  lines.on("line", (line) => {
    const code = /^@@(\d+)$/.exec(line)?.[1];
    if (code === undefined) said.push(line);
    else answer?.(Number(code));
  });
  stream.on("error", () => undefined); // a broken stream shows as a command that is not answered
  let previous: Promise<unknown> = Promise.resolve();
  const ask = async (command: string): Promise<string[]> => {
    said = [];
    const answered = new Promise<number>((resolve) => (answer = resolve));
    stream.write(`${command}\n`);
    const code = await within(APPLY_TIMEOUT_MS, answered, `the network sidecar of ${node} did not answer`);
    if (code !== 0)
      throw new Error(
        `in the network namespace of ${node}, \`${command.slice(0, 60)}\` exited ${code}: ${said.join(" ")}`,
      );
    return said;
  };
  return (command) => {
    const next = previous.then(() => ask(command));
    previous = next.catch(() => undefined);
    return next;
  };
}
