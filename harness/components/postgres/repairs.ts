import { formatPosition } from "../../position.ts";
import type { RepairContext } from "../../capabilities.ts";
import { messageOf } from "../../errors.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { named } from "../named.ts";
import type { AdminConnections } from "./admin.ts";
import type { Repair } from "./kind.ts";
import { controlOf, DATA } from "./places.ts";
import { PROGRAMS_ON_PATH } from "./programs.ts";

const DISK_TIMEOUT_MS = 120_000;
const READ_TIMEOUT_MS = 120_000;

interface Bench extends RepairContext {
  readonly node: Node;
  readonly admin: AdminConnections;
  /** Where the history that the node still has ends, where a procedure cuts it off. */
  readonly endsAt: (position: string) => void;
}

export async function repairNode(method: string, bench: Bench): Promise<void> {
  await named(procedures, method, "repair")(bench);
}

const procedures: Readonly<Record<Repair, (bench: Bench) => Promise<void>>> = {
  "copy-in-place": copyInPlace,
  "forbidden-pg-resetwal": resetWal,
  "forbidden-ignore-checksums": ignoreChecksums,
};

/**
 * A base backup begins in the middle of history: what it needs to be whole is in the WAL of the server that it was taken from. One
 * command a line, here and below: of a list joined by && the shell overlooks every failure but the last command's.
 */
const SWAP = `set -eu; cd "$1"
  test -f copy/PG_VERSION || { echo "the disk has no base backup in copy" >&2; exit 1; }
  rm -rf before-repair
  mkdir before-repair
  mv ${DATA} before-repair/
  mv copy ${DATA}
  cp -a before-repair/${DATA}/pg_wal/. ${DATA}/pg_wal/
  ls ${DATA}`;

async function copyInPlace({ node, mark, keep }: Bench): Promise<void> {
  if ((await node.state()) === "running") throw new Error(`${node.name} runs: stop it first`);
  const { value: said, at } = await bracket(() =>
    node.onDisk(["sh", "-c", SWAP, "sh", node.disk], { timeoutMs: DISK_TIMEOUT_MS }),
  );
  await keep("copy.txt", `exit ${said.code}\n${said.stdout}${said.stderr}`);
  if (said.code !== 0) throw new Error(`the copy could not take the place of the data: ${said.stderr.trim()}`);
  mark("copy in place", at);
}

/** pg_resetwal refuses to be root, and works on files of its own major alone. */
const RESET = `set -eu; cd "$1"
  VERSION=$(cat ${DATA}/PG_VERSION)
  ${PROGRAMS_ON_PATH}
  command -v pg_resetwal >/dev/null || { echo 'this image has no pg_resetwal' >&2; exit 78; }
  rm -rf before-repair
  mkdir before-repair
  cp -a ${DATA}/pg_wal ${DATA}/pg_xact ${DATA}/global/pg_control before-repair/
  set -- pg_resetwal -f -D "$1/${DATA}"
  if command -v setpriv >/dev/null; then exec setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups -- "$@"; fi
  if command -v gosu >/dev/null; then exec gosu postgres "$@"; fi
  exec su-exec postgres "$@"`;

/**
 * The server then starts as if it had shut down in order at its last checkpoint, and says nothing of what came after: no recovery,
 * no other timeline. Only what stood in pg_control before tells where the history ends that it still has.
 */
async function resetWal({ node, mark, keep, endsAt }: Bench): Promise<void> {
  if ((await node.state()) === "running") throw new Error(`${node.name} runs: stop it first`);
  const { redo, checkpoint, state } = await controlOf(node);
  const { value: said, at } = await bracket(() =>
    node.onDisk(["sh", "-c", RESET, "sh", node.disk], { timeoutMs: DISK_TIMEOUT_MS }),
  );
  await keep(
    "pg_resetwal.txt",
    `before: ${state}, checkpoint at ${formatPosition(checkpoint)}, redo from ${formatPosition(redo)}\nexit ${said.code}\n${said.stdout}${said.stderr}`,
  );
  if (said.code !== 0) throw new Error(`pg_resetwal exited ${said.code}: ${(said.stderr || said.stdout).trim()}`);
  endsAt(formatPosition(redo));
  mark("forbidden pg_resetwal", at);
}

const READ = "SELECT count(payload)::text AS rows FROM blackstart.ledger";

/**
 * Reading notes on rows that their transaction committed, which changes the page, and whoever writes a changed page computes its
 * checksum anew: afterwards the damage cannot be told from data.
 */
async function ignoreChecksums({ node, admin, mark, keep }: Bench): Promise<void> {
  const { value: words, at } = await bracket(async () => {
    const session = await admin.open(node.name, READ_TIMEOUT_MS);
    try {
      await session.ask("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off");
      await session.ask("SET max_parallel_workers_per_gather = 0");
      const rows = async () => `${String((await session.ask(READ))[0]?.["rows"])} rows`;
      const before = await rows().catch((thrown: unknown) => `refused: ${messageOf(thrown)}`);
      await session.ask("SET ignore_checksum_failure = on");
      const ignoring = await rows();
      await session.ask("CHECKPOINT");
      return `reading as usual: ${before}\nreading with ignore_checksum_failure: ${ignoring}\n`;
    } finally {
      session.close();
    }
  });
  await keep("ignore-checksums.txt", words);
  mark("forbidden read of damage", at);
}
