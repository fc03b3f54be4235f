import { bracket, type Bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import type { AdminConnections } from "./admin.ts";

const ASK_TIMEOUT_MS = 10_000;
const ADMIN_TIMEOUT_MS = 2_000;
const TIMEOUT_MS = 120_000;
/** pg_promote(true) itself looks every 100 ms, so it is asked not to wait. */
const LOOK_MS = 3;

/** Resolves when the standby takes writes. */
export async function promote(admin: AdminConnections, node: string, signal: AbortSignal): Promise<Bracket> {
  const promoted = async (): Promise<boolean> => {
    const [row] = await admin.query(node, "SELECT pg_is_in_recovery() AS waiting", ADMIN_TIMEOUT_MS);
    return row?.["waiting"] === false;
  };
  const { at } = await bracket(async () => {
    await admin.query(node, "SELECT pg_promote(false)", ASK_TIMEOUT_MS);
    if (!(await awaitCondition(promoted, { everyMs: LOOK_MS, timeoutMs: TIMEOUT_MS, signal })))
      throw new Error(`${node} was still in recovery ${TIMEOUT_MS} ms after pg_promote`);
  });
  return at;
}
