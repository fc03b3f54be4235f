import { messageOf } from "../../errors.ts";
import type { Node } from "../../node.ts";
import { awaitCondition } from "../../wait.ts";
import { lastWords } from "../readiness.ts";
import type { AdminConnections } from "./admin.ts";

const ADMIN_TIMEOUT_MS = 2_000;
/** How long a started server may replay before it counts as stuck. */
const SETTLE_TIMEOUT_MS = 600_000;

/** Clients that knock while it starts get an answer each, and their lines would push out the one that says why it gave up. */
const isNoRefusal = (line: string): boolean => !/FATAL: +the database system is /.test(line);

/** What it called fatal last, else its last lines, in one. */
export async function whyItEnded(node: Node): Promise<string> {
  const fatal = await lastWords(node, (line) => /\b(FATAL|PANIC)\b/.test(line) && isNoRefusal(line));
  const words = fatal || (await lastWords(node, isNoRefusal));
  return words.split("\n").slice(-2).join("; ");
}

/** A standby serves when it answers at all; whether it takes writes is not what it was started for. */
export async function settle(node: Node, admin: AdminConnections, signal: AbortSignal): Promise<void> {
  let why = "";
  const served = await awaitCondition(
    async () => {
      if ((await node.state()) === "stopped")
        throw new Error(`${node.name} refused to start. Its last words:\n${await lastWords(node, isNoRefusal)}`);
      try {
        await admin.query(node.name, "SELECT 1", ADMIN_TIMEOUT_MS);
        return true;
      } catch (thrown) {
        why = messageOf(thrown);
        return false;
      }
    },
    { everyMs: 20, timeoutMs: SETTLE_TIMEOUT_MS, signal },
  );
  if (!served) throw new Error(`${node.name} took no connection within ${SETTLE_TIMEOUT_MS} ms of its start: ${why}`);
}
