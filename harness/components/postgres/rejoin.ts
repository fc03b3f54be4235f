import type { RepairContext } from "../../capabilities.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { type Archiver, DATA_DIR } from "./archiver.ts";
import { recoveryFacts } from "./facts.ts";
import { slotName } from "./logical.ts";
import { openForWork, startServer } from "./maintenance.ts";
import { conninfo, settingLines } from "./server-conf.ts";
import { type Shell, shellOn } from "./shell.ts";

const TIMEOUT_MS = 5_000;
const ATTACH_TIMEOUT_MS = 60_000;

interface Rejoining {
  readonly node: Node;
  readonly serving: Node;
  readonly admin: AdminConnections;
  /** null: what this machine lacks of the common history is gone. */
  readonly archiver: Archiver | null;
}

/**
 * The machine that served before is set back to where the two histories part, and follows. pg_rewind erases what only it has,
 * which may be all that is left of acknowledged writes: that is written out first.
 */
export async function rejoinNode(rejoining: Rejoining, context: RepairContext): Promise<void> {
  const { node, serving, admin, archiver } = rejoining;
  const { signal, mark, keep } = context;
  await openForWork(node, signal);
  const shell = shellOn(node, signal);
  await keep("only-here.txt", await tailOf(shell, await recoveryFacts(admin, serving)));
  const { at: rewound } = await bracket(() => rewind(shell, serving, archiver));
  mark("rewound", rewound);
  const slot = slotName(shortName(node));
  await admin.query(
    serving.name,
    "SELECT pg_create_physical_replication_slot($1) WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)",
    TIMEOUT_MS,
    [slot],
  );
  const settings = {
    primary_conninfo: conninfo(serving.address),
    primary_slot_name: slot,
    ...(archiver && { restore_command: archiver.restoreCommand("stock") }),
  };
  await shell.run(
    `cat >>"$1/postgresql.auto.conf"; touch "$1/standby.signal"; rm -f "$1/recovery.signal"`,
    [DATA_DIR],
    { stdin: settingLines(settings) },
  );
  const { at: attached } = await bracket(async () => {
    await startServer(node);
    await streaming(rejoining, signal);
  });
  mark("rejoined", attached);
}

/** Every transaction that this machine has beyond the point where the histories part, and how much of everything else. */
async function tailOf(shell: Shell, fork: Record<string, string>): Promise<string> {
  const { switch_position: from, switch_from_lineage: timeline } = fork;
  if (!from || !timeline) return "the serving node does not say where it left another timeline\n";
  const said = await shell.attempt(TAIL, [from, timeline, `${DATA_DIR}/pg_wal`]);
  return `what ${shell.node.name} has beyond ${from} on timeline ${timeline}\n${said.stdout}${said.stderr}`;
}

const TAIL = `pg_waldump -p "$3" -t "$2" -s "$1" --stats=rmgr 2>&1 || true
pg_waldump -p "$3" -t "$2" -s "$1" -r Transaction 2>&1 | cut -c 1-200 || true`;

async function rewind(shell: Shell, serving: Node, archiver: Archiver | null): Promise<void> {
  if (archiver)
    await shell.run(`cat >>"$1/postgresql.auto.conf"`, [DATA_DIR], {
      stdin: settingLines({ restore_command: archiver.restoreCommand("stock") }),
    });
  const source = `host=${serving.address} user=postgres dbname=postgres`;
  await shell.run(`exec pg_rewind -D "$1" --source-server="$2" ${archiver ? "-c" : ""}`, [DATA_DIR, source]);
}

async function streaming({ node, serving, admin }: Rejoining, signal: AbortSignal): Promise<void> {
  const name = shortName(node);
  let state = "";
  const attached = await awaitCondition(
    async () => {
      if ((await node.state()) !== "running") throw new Error(`the server of ${node.name} ended instead of following`);
      const rows = await admin.query(
        serving.name,
        "SELECT state FROM pg_stat_replication WHERE application_name = $1",
        TIMEOUT_MS,
        [name],
      );
      state = textOf(rows[0], "state");
      return state === "streaming";
    },
    { everyMs: 20, timeoutMs: ATTACH_TIMEOUT_MS, signal },
  );
  if (!attached)
    throw new Error(
      `${node.name} does not follow ${serving.name} after ${ATTACH_TIMEOUT_MS} ms: ${state || "not attached"}`,
    );
}

const shortName = ({ name }: Node): string => name.slice(name.lastIndexOf(".") + 1);
