import { Writable, type Duplex } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type Dockerode from "dockerode";
import type { Program, ProgramStart } from "../node.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";

const NOBODY = "65534:65534";
const ERRORS_KEPT_CHARS = 2_000;

/**
 * A container on this machine's network, so that it reaches what listens on the loopback. Attached before it starts: not a byte of
 * its output is missed, and the engine keeps no copy. The sweep at the end of the run removes it.
 */
export async function startProgram(docker: Dockerode, spec: ProgramStart, run: string): Promise<Program> {
  const container = await docker.createContainer({
    name: `blackstart-${run}-${spec.name}`,
    Image: spec.image,
    Entrypoint: [...spec.argv],
    Cmd: [],
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    User: NOBODY,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { ...labelsFor(run), [NODE_LABEL]: `${spec.name}~program` },
    HostConfig: {
      NetworkMode: "host",
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
      LogConfig: { Type: "none", Config: {} },
    },
  });
  const stream = (await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  })) as Duplex;
  let errors = "";
  docker.modem.demuxStream(
    stream,
    decoded(spec.output),
    decoded((text) => (errors = (errors + text).slice(-ERRORS_KEPT_CHARS))),
  );
  const drained = new Promise<void>((resolve) => stream.once("close", resolve).on("error", () => undefined));
  await container.start();
  stream.end(spec.stdin);
  const ended = Promise.all([container.wait() as Promise<{ StatusCode: number }>, drained]).then(
    ([{ StatusCode: code }]) => ({ code, errors: errors.trim() }),
  );
  ended.catch(() => undefined); // whoever waits for it hears of it
  return { ended, signal: async (signal) => void (await container.kill({ signal })) };
}

/** A character may be cut in two between two pieces. */
function decoded(handOut: (text: string) => void): Writable {
  const decoder = new StringDecoder("utf8");
  return new Writable({
    write(piece: Buffer, _encoding, done) {
      handOut(decoder.write(piece));
      done();
    },
  });
}
