import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user would, in the repository, and returns what it said. */
export function blackstart(...words: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [`${REPOSITORY}harness/cli.ts`, ...words], {
    cwd: REPOSITORY,
    env: { ...process.env, NO_COLOR: "1", COLUMNS: "120" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...said }));
  });
}
