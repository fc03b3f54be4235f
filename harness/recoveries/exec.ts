import { spawn } from "node:child_process";
import { z } from "zod";
import { requireNode } from "../faults/targets.ts";
import { messageOf } from "../errors.ts";
import { defineRecovery } from "../recovery.ts";
import { positiveDuration } from "../scenario/units.ts";
import type { ExecResult } from "../node.ts";
import type { FaultTarget } from "../fault.ts";

const params = z.strictObject({
  command: z.array(z.string()).min(1).meta({ description: "Program and arguments; no shell reads them" }),
  in: z.enum(["host", "node"]).default("host"),
  timeout: positiveDuration.default(300_000),
});

/** The user's own runbook as the procedure under test. Its output goes into the pack; a failure fails the drill. */
export const exec = defineRecovery<z.output<typeof params>>({
  name: "exec",
  summary: "Runs your own script, on this host or in a node; output kept, a failure fails the drill",
  target: "node",
  params,
  async recover(target, { command, in: place, timeout: timeoutMs }, { signal, keep }) {
    const said =
      place === "node"
        ? await requireNode(target).exec(command, { timeoutMs })
        : await onHost(command, environment(target), timeoutMs, signal);
    await keep(
      "exec.txt",
      `$ ${command.join(" ")}\nexit ${said.code}\n--- stdout\n${said.stdout}\n--- stderr\n${said.stderr}\n`,
    );
    if (said.code !== 0)
      throw new Error(
        `${command[0]} exited ${said.code}: ${(said.stderr || said.stdout).trim().split("\n").at(-1) ?? "no output"}`,
      );
  },
});

/** What a script on the host needs to find the stack. */
const environment = ({ component, node }: FaultTarget): Record<string, string> => ({
  BLACKSTART_COMPONENT: component.name,
  BLACKSTART_TARGET: node?.name ?? component.name,
  BLACKSTART_CLIENT_HOST: component.clients.host,
  BLACKSTART_CLIENT_PORT: String(component.clients.port),
});

async function onHost(
  command: readonly string[],
  env: Record<string, string>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ExecResult> {
  const [program = "", ...args] = command;
  const deadline = AbortSignal.timeout(timeoutMs);
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    signal: AbortSignal.any([signal, deadline]),
    killSignal: "SIGKILL",
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      if (deadline.aborted) reject(new Error(`${program} did not end within ${timeoutMs} ms and was killed`));
      else reject(new Error(`${program} could not be run on this host: ${messageOf(error)}`));
    });
    child.on("close", (code) => resolve({ code: code ?? 1, ...output }));
  });
}
