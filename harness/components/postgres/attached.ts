import { type AdminConnections, type Row, textOf } from "./admin.ts";
import { isLogical, type PostgresConfig } from "./kind.ts";

const TIMEOUT_MS = 2_000;

/** Everything that follows the primary over the replication protocol. */
const attached = ({ standbys, archive }: PostgresConfig): { name: string; replication: string }[] => [
  ...standbys,
  ...(archive?.receiver ? [{ name: "receiver", replication: archive.receiver }] : []),
];

const senders = (admin: AdminConnections, node: string): Promise<Row[]> =>
  admin.query(
    node,
    "SELECT application_name AS name, sync_state FROM pg_stat_replication WHERE state = 'streaming'",
    TIMEOUT_MS,
  );

/**
 * What is not attached yet, in words; empty when everything physical streams as configured. Both ends are asked: a base backup shows
 * as a standby too.
 */
export async function notAttached(
  admin: AdminConnections,
  component: string,
  primary: string,
  config: PostgresConfig,
): Promise<string> {
  const states = new Map(
    (await senders(admin, primary)).map((row) => [textOf(row, "name"), textOf(row, "sync_state")]),
  );
  for (const { name, replication } of attached(config).filter((s) => !isLogical(s))) {
    const state = states.get(name);
    if (!state) return `standby ${name} is not streaming`;
    if ((replication === "synchronous") !== (state !== "async")) return `standby ${name} is ${state}`;
    if (name === "receiver") continue; // it has no server that could be asked
    const receiver = await admin.query(`${component}.${name}`, "SELECT status FROM pg_stat_wal_receiver", TIMEOUT_MS);
    const status = textOf(receiver[0], "status");
    if (status !== "streaming") return `the receiver of standby ${name} is ${status || "not there"}`;
  }
  return "";
}

export async function redundancyOf(
  admin: AdminConnections,
  serving: string,
  config: PostgresConfig,
): Promise<{ restored: boolean; detail: string }> {
  const wanted = attached(config).length;
  if (wanted === 0) return { restored: true, detail: "the scenario has nothing that is attached" };
  const { length } = await senders(admin, serving);
  return { restored: length >= wanted, detail: `${length} of ${wanted} standbys attached to ${serving}` };
}
