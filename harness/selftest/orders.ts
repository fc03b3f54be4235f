import type { History } from "../history.ts";
import { setEvent } from "./edits.ts";
import { accountsOf, type Course, type DraftHistory, drill, elementOf } from "./golden.ts";

const ORDER_STORES = ["db", "cache", "store"] as const;

/** The same drill with one order a write instead of a row: db, then cache, then store, each a write of its own 0.1 ms later. */
export function orderDrill(
  course: Partial<Course> = {},
  change: (history: DraftHistory) => void = () => undefined,
): History {
  return drill(course, (h) => {
    h.plan.workload[0] = {
      ...h.plan.workload[0]!,
      name: "ledger",
      kind: "orders",
      targets: [...ORDER_STORES],
      transfers: 0,
    };
    h.plan.components.push(
      { name: "cache", kind: "redis", config: {}, nodes: ["cache.primary"] },
      { name: "store", kind: "s3", config: {}, nodes: ["store.server"] },
    );
    h.operations = h.operations.flatMap((op) =>
      ORDER_STORES.map((store, i) => {
        const own = { ...op, kind: "insert" as const, store };
        if (i === 0) return own;
        const beside = { node: null, lineage: null, position: null };
        if (op.outcome === "ok")
          return { ...own, ...beside, invokedMs: op.invokedMs + i / 10, endedMs: op.endedMs! + i / 10 };
        const unsent = { outcome: "fail" as const, conn: null, error: "not sent: db did not acknowledge it" };
        return { ...own, ...beside, ...unsent, invokedMs: op.endedMs!, endedMs: op.endedMs };
      }),
    );
    const rows = h.recovered.map((element) => ({ ...element, transfer: null }));
    const entries = h.operations.filter((op) => op.store !== "db" && op.outcome === "ok").map(elementOf);
    h.recovered = [...rows, ...entries.map((entry) => ({ ...entry, transfer: null }))];
    h.accounts = accountsOf([]);
    setEvent(h, "workload-stopped", { operations: h.operations.length });
    change(h);
  });
}
