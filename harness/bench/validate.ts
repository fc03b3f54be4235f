import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Figure, timed } from "./figure.ts";

const FILES = 100;
const ROUNDS = 7;
const ROOT = path.join(import.meta.dirname, "..", "..");

/** `validate` of 100 scenarios as a user runs it, against the start of Node alone. */
export async function validatePace(): Promise<Figure[]> {
  const dir = mkdtempSync(path.join(tmpdir(), "blackstart-bench-"));
  const text = readFileSync(path.join(ROOT, "scenarios/postgres/primary-node-loss.yaml"), "utf8");
  for (let n = 0; n < FILES; n++)
    writeFileSync(path.join(dir, `s${n}.yaml`), text.replace(/^id: .*$/m, `id: bench-${n}`));
  const [values, against]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    against.push(await timed(() => node(["-e", ""])));
    values.push(await timed(() => node([path.join(ROOT, "harness/cli.ts"), "validate", dir])));
  }
  rmSync(dir, { recursive: true });
  return [
    {
      what: `validate of ${FILES} files`,
      unit: "ms",
      baseline: "node -e ''",
      values,
      against,
      wanted: "under 1000 ms in all",
    },
  ];
}

function node(args: readonly string[]): void {
  const ended = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (ended.status !== 0) throw new Error(`${args.join(" ")} exited ${ended.status}: ${ended.stderr}`);
}
