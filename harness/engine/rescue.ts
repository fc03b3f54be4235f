import { PassThrough } from "node:stream";
import type Dockerode from "dockerode";
import type { ExecResult } from "../node.ts";
import { within } from "../wait.ts";
import { labelsFor, NODE_LABEL } from "./labels.ts";

export interface RescueDisk {
  readonly run: string;
  readonly node: string;
  readonly image: string;
  readonly volume: string;
  readonly path: string;
}

/**
 * Runs a program on the disk of a machine that does not run, as a rescue system would: a container of its own with the machine's
 * image and volume and without a network, which is gone when the program has ended.
 */
export async function rescue(
  docker: Dockerode,
  { run, node, image, volume, path }: RescueDisk,
  argv: readonly string[],
  { timeoutMs, stdin }: { timeoutMs: number; stdin?: string },
): Promise<ExecResult> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: [...argv],
    Cmd: [],
    User: "0:0",
    OpenStdin: stdin !== undefined,
    StdinOnce: stdin !== undefined,
    AttachStdin: stdin !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { ...labelsFor(run), [NODE_LABEL]: `${node}~disk` },
    HostConfig: { NetworkMode: "none", Binds: [`${volume}:${path}:rw`] },
  });
  try {
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: stdin !== undefined,
      stdout: true,
      stderr: true,
    });
    const output = collect(docker, stream);
    await container.start();
    if (stdin !== undefined) stream.end(stdin);
    const [stdout, stderr] = await within(timeoutMs, output, `\`${argv[0]}\` on the disk of ${node} did not end`);
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    return { code: StatusCode, stdout, stderr };
  } finally {
    await container.remove({ force: true, v: false });
  }
}

/** Standard output and standard error of an attached stream, once it has ended. */
export async function collect(docker: Dockerode, stream: NodeJS.ReadableStream): Promise<[string, string]> {
  const texts: [string, string] = ["", ""];
  const [out, err] = [new PassThrough(), new PassThrough()];
  out.setEncoding("utf8").on("data", (chunk: string) => (texts[0] += chunk));
  err.setEncoding("utf8").on("data", (chunk: string) => (texts[1] += chunk));
  docker.modem.demuxStream(stream, out, err);
  await new Promise<void>((resolve, reject) => stream.on("end", resolve).on("error", reject));
  return texts;
}
