import { PassThrough, type Duplex } from "node:stream";
import { createInterface } from "node:readline";
import type Dockerode from "dockerode";
import { within } from "../wait.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";

const ANSWER_TIMEOUT_MS = 5_000;
const LOOP = 'while IFS= read -r l; do eval "$l"; echo "@@$?"; done';

/**
 * A shell in a container of its own, attached on standard input before the drill: it acts within milliseconds, where an exec takes 58
 * to 181.
 */
export interface WaitingShell {
  /** One command at a time; its output lines, or an error with what it said. */
  readonly ask: (command: string, timeoutMs?: number) => Promise<string[]>;
  /** Removes the container. The sweep at the end of the run takes what is left. */
  readonly stop: () => Promise<void>;
}

export interface ShellPlace {
  readonly run: string;
  readonly image: string;
  /** For messages: `the network sidecar of db.primary`. */
  readonly what: string;
  readonly nodeLabel: string;
  /** Definitions that the shell reads before it waits. */
  readonly script?: string;
  readonly host: Dockerode.HostConfig;
}

/** The container has no capability that `host` does not add, and a read-only disk. */
export async function startShell(docker: Dockerode, place: ShellPlace): Promise<WaitingShell> {
  const container = await docker.createContainer({
    Image: place.image,
    Entrypoint: ["bash", "-c", `${place.script ?? ""}\n${LOOP}`],
    Cmd: [],
    User: "0:0",
    OpenStdin: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { ...labelsFor(place.run), [NODE_LABEL]: place.nodeLabel },
    HostConfig: { CapDrop: ["ALL"], ReadonlyRootfs: true, ...place.host },
  });
  const stream = (await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  })) as Duplex;
  await container.start();
  return {
    ask: converse(docker, stream, place.what),
    async stop() {
      stream.end();
      await container.remove({ force: true });
    },
  };
}

function converse(docker: Dockerode, stream: Duplex, what: string): WaitingShell["ask"] {
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
  const ask = async (command: string, timeoutMs: number): Promise<string[]> => {
    said = [];
    const answered = new Promise<number>((resolve) => (answer = resolve));
    stream.write(`${command}\n`);
    const code = await within(timeoutMs, answered, `${what} did not answer`);
    if (code !== 0) throw new Error(`${what}: \`${command.slice(0, 60)}\` exited ${code}: ${said.join(" ")}`);
    return said;
  };
  return (command, timeoutMs = ANSWER_TIMEOUT_MS) => {
    const next = previous.then(() => ask(command, timeoutMs));
    previous = next.catch(() => undefined);
    return next;
  };
}
