import type { ExecResult, Node } from "../../node.ts";
import { untilAborted } from "../../wait.ts";

const TIMEOUT_MS = 600_000;

export interface Shell {
  readonly node: Node;
  /** Runs a script with sh as the server's user; `args` are $1, $2 … and must not carry secrets. Rejects when it exits non-zero. */
  run(script: string, args?: readonly string[], options?: { stdin?: string }): Promise<string>;
  /** The same; an exit code is a result. */
  attempt(script: string, args?: readonly string[], options?: { stdin?: string }): Promise<ExecResult>;
}

/** On a machine that runs, whether its server does or not. When `signal` aborts nobody waits any longer; the program goes with its machine. */
export function shellOn(node: Node, signal?: AbortSignal): Shell {
  const attempt: Shell["attempt"] = (script, args = [], options = {}) => {
    const argv = ["/blackstart/as-server", "sh", "-euc", script, "sh", ...args];
    const said = node.exec(argv, { timeoutMs: TIMEOUT_MS, ...options });
    return signal ? untilAborted(said, signal) : said;
  };
  return {
    node,
    attempt,
    async run(script, args, options) {
      const { code, stdout, stderr } = await attempt(script, args, options);
      if (code !== 0) throw new Error(`on ${node.name}: ${lastWords(stderr || stdout) || `exit ${code}`}`);
      return stdout;
    },
  };
}

const lastWords = (text: string): string => text.trim().split("\n").slice(-3).join("; ");
