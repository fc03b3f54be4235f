/**
 * Whether the settings that held at the fault allow an acknowledged write to be lost, whatever was seen this time. Each kind of
 * store has rules of its own; a kind without rules guarantees nothing.
 */
import type { History } from "../history.ts";
import { judgePostgres } from "./guarantee/postgres.ts";
import { judgeRedis } from "./guarantee/redis.ts";
import type { Reasons, StoreRules } from "./guarantee/reasons.ts";
import { judgeS3 } from "./guarantee/s3.ts";
import { servedBy } from "./positions.ts";
import { perHistory, storesOf } from "./reading.ts";

export interface Guarantee {
  readonly zeroLoss: boolean;
  /** What guarantees it; or, if anything permits loss, only that. */
  readonly why: readonly string[];
}

/** By kind of component. A new kind is one file and one line here. */
const rules: Readonly<Record<string, StoreRules>> = {
  postgres: judgePostgres,
  s3: judgeS3,
  redis: judgeRedis,
};

export const guaranteeOf = perHistory((history): Guarantee => {
  const reasons: Reasons = { holds: [], permits: [] };
  for (const store of storesOf(history)) judgeStore(history, store, reasons);
  if (storesOf(history).length === 0) reasons.permits.push("no store was written to");
  const zeroLoss = reasons.permits.length === 0;
  return { zeroLoss, why: [...new Set(zeroLoss ? reasons.holds : reasons.permits)] };
});

function judgeStore(history: History, store: string, reasons: Reasons): void {
  const kind = history.plan.components.find((component) => component.name === store)?.kind;
  const judge = rules[kind ?? ""];
  if (!judge)
    return void reasons.permits.push(`no rule is known for the durability of ${store} (${kind ?? "not in the plan"})`);
  const { before, after } = servedBy(history, store);
  if (after === null) return void reasons.permits.push(`no node is known to serve ${store} after the recovery`);
  judge({ history, store, served: before ?? after, after }, reasons);
}
