import type { RepairContext } from "../../capabilities.ts";
import type { ExecResult, Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { named } from "../named.ts";
import type { AdminConnections } from "./admin.ts";
import { AOF_DIR, AOF_MANIFEST, confName, DISK } from "./files.ts";
import type { Repair } from "./kind.ts";

const DISK_TIMEOUT_MS = 120_000;
const ADMIN_TIMEOUT_MS = 2_000;
const REWRITE_TIMEOUT_MS = 60_000;
/** What a procedure is about to change is kept here first. */
const BEFORE = `${DISK}/before-repair`;

interface Bench extends RepairContext {
  readonly node: Node;
  readonly admin: AdminConnections;
  readonly settled: (node: string, signal: AbortSignal) => Promise<void>;
}

export async function repairNode(method: string, bench: Bench): Promise<void> {
  await named(procedures, method, "repair")(bench);
}

const procedures: Readonly<Record<Repair, (bench: Bench) => Promise<void>>> = {
  "aof-fix": fixAof,
  "aof-undo-flush": undoFlush,
  "snapshot-then-aof": loadSnapshotFirst,
};

async function onDisk(
  node: Node,
  script: string,
  options: { args?: string[]; stdin?: string } = {},
): Promise<ExecResult> {
  const stdin = options.stdin === undefined ? {} : { stdin: options.stdin };
  return node.onDisk(["sh", "-c", script, "sh", ...(options.args ?? [])], { timeoutMs: DISK_TIMEOUT_MS, ...stdin });
}

async function mustOnDisk(
  node: Node,
  script: string,
  options: { args?: string[]; stdin?: string } = {},
): Promise<string> {
  const said = await onDisk(node, `set -eu; ${script}`, options);
  if (said.code !== 0) throw new Error(`on the disk of ${node.name}: ${said.stderr.trim() || `exit ${said.code}`}`);
  return said.stdout;
}

const refuseRunning = async (node: Node): Promise<void> => {
  if ((await node.state()) === "running")
    throw new Error(`${node.name} runs: its files change under the repair; stop it first`);
};

const copyOf = (what: string): string => `rm -rf ${BEFORE} && mkdir -p ${BEFORE} && cp -a ${what} ${BEFORE}/`;

/** The tool asks before it cuts, and says "Successfully truncated" however much is gone: only a comparison with a ledger tells. */
async function fixAof({ node, mark, keep }: Bench): Promise<void> {
  await refuseRunning(node);
  await mustOnDisk(node, copyOf(AOF_DIR));
  const { value: said, at } = await bracket(() =>
    onDisk(node, `redis-check-aof --fix ${AOF_MANIFEST}`, { stdin: "y\n" }),
  );
  await keep("redis-check-aof.txt", `exit ${said.code}\n${said.stdout}${said.stderr}`);
  if (said.code !== 0)
    throw new Error(
      `redis-check-aof exited ${said.code}: ${(said.stderr || said.stdout).trim().split("\n").at(-1) ?? ""}`,
    );
  mark("repaired", at);
}

/** Killed and not shut down: an orderly end may write a snapshot of the emptiness, and every second brings a rewrite nearer. */
async function undoFlush({ node, mark, keep }: Bench): Promise<void> {
  if ((await node.state()) !== "stopped") mark("stopped", await node.kill("SIGKILL"));
  await mustOnDisk(node, copyOf(AOF_DIR));
  const { value: words, at } = await bracket(async () => {
    const files = (await mustOnDisk(node, `ls ${AOF_DIR} | grep '\\.incr\\.aof$'`)).trim().split("\n").filter(Boolean);
    const found: string[] = [];
    for (const file of files) {
      const path = `${AOF_DIR}/${file}`;
      const content = Buffer.from(await mustOnDisk(node, 'base64 <"$1"', { args: [path] }), "base64");
      const { kept, cut } = withoutFlush(content);
      if (cut.length === 0) continue;
      await mustOnDisk(node, 'base64 -d >"$1"', { args: [path], stdin: kept.toString("base64") });
      found.push(`${file}: FLUSHALL at byte ${cut.join(", ")} of ${content.length}`);
    }
    return found;
  });
  await keep("flushall.txt", `${words.join("\n") || "no FLUSHALL in the append-only file"}\n`);
  if (words.length === 0)
    throw new Error(
      `the append-only file of ${node.name} holds no FLUSHALL: it was rewritten since, and what was deleted is in none of its files`,
    );
  mark("repaired", at);
}

/** FLUSHALL as it is logged, in the letters that the client used; a value cannot look like it, for its length stands before it. */
const FLUSH = /\*1\r\n\$8\r\nflushall\r\n|\*2\r\n\$8\r\nflushall\r\n\$\d+\r\n(?:a?sync)\r\n/gi;

export function withoutFlush(content: Buffer): { kept: Buffer; cut: number[] } {
  const kept: Buffer[] = [];
  const cut: number[] = [];
  let from = 0;
  for (const found of content.toString("latin1").matchAll(FLUSH)) {
    kept.push(content.subarray(from, found.index));
    cut.push(found.index);
    from = found.index + found[0].length;
  }
  return { kept: Buffer.concat([...kept, content.subarray(from)]), cut };
}

/**
 * With appendonly yes the server reads only the append-only file, and where there is none starts empty without a word. So: off,
 * start on the snapshot, look, on again, and wait until the new file is complete.
 */
async function loadSnapshotFirst({ node, admin, settled, signal, mark, keep }: Bench): Promise<void> {
  await refuseRunning(node);
  const conf = `${DISK}/${confName(node.name.slice(node.name.indexOf(".") + 1))}`;
  await mustOnDisk(
    node,
    `rm -rf ${BEFORE}; mkdir -p ${BEFORE}; if [ -e ${AOF_DIR} ]; then mv ${AOF_DIR} ${BEFORE}/; fi`,
  );
  await mustOnDisk(node, 'sed -i "s/^appendonly .*/appendonly no/" "$1"', { args: [conf] });
  const { at } = await bracket(async () => {
    await node.start();
    await settled(node.name, signal);
  });
  mark("started", at);
  const keys = await admin.command(node.name, ADMIN_TIMEOUT_MS, "DBSIZE");
  await keep("snapshot.txt", `${String(keys)} keys after the start on the snapshot\n`);
  const { value: written, at: rewrite } = await bracket(async () => {
    await admin.command(node.name, ADMIN_TIMEOUT_MS, "CONFIG", "SET", "appendonly", "yes");
    return awaitCondition(
      async () => {
        const info = await admin.info(node.name, ADMIN_TIMEOUT_MS);
        return (
          info.get("aof_enabled") === "1" &&
          info.get("aof_rewrite_in_progress") === "0" &&
          info.get("aof_rewrite_scheduled") === "0" &&
          info.get("aof_last_bgrewrite_status") === "ok"
        );
      },
      { everyMs: 20, timeoutMs: REWRITE_TIMEOUT_MS, signal },
    );
  });
  if (!written) throw new Error(`the append-only file of ${node.name} was not written within ${REWRITE_TIMEOUT_MS} ms`);
  await admin.command(node.name, ADMIN_TIMEOUT_MS, "CONFIG", "REWRITE");
  mark("appendonly on again", rewrite);
}
