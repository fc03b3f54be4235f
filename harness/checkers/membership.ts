import type { Checker } from "../checker.ts";
import type { History, Operation } from "../history.ts";
import type { PlannedWorkload } from "../plan.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { keyOf, perHistory, reconciledOf, wasReadBack } from "./reading.ts";

/** How many orders were found in exactly these stores after the recovery. */
interface MembershipRow {
  readonly stores: readonly string[];
  readonly count: number;
}

type ByStore = Readonly<Record<string, number>>;

/** What stands where after the recovery, for operations that were written to several stores. Counts by store are of entries. */
export interface Membership {
  /** Orders that some store acknowledged, or that are present somewhere. */
  readonly orders: number;
  /** By the stores that have them; no store at all is a row too. The most stores first. */
  readonly rows: readonly MembershipRow[];
  /** The record has the row and the store acknowledged its entry, which is not there: what the row refers to is gone. */
  readonly dangling: ByStore;
  /** The entry is there and the record has no such row: it belongs to a history that was given up, or to none. */
  readonly orphans: ByStore;
  /** The entry is there with another content than the record's row; without a row, than was sent. */
  readonly mismatched: ByStore;
  /** Acknowledged by this store and absent from it. */
  readonly lost: ByStore;
  /** Of the lost: taken away on purpose by a reconciliation. */
  readonly discarded: ByStore;
  /** Rows written again by a reconciliation. */
  readonly replayed: ByStore;
}

const severalStores = ({ plan }: History): readonly PlannedWorkload[] =>
  plan.workload.filter(({ targets }) => targets.length > 1);

/** Null where no workload writes to several stores, or where nothing was read back. */
export const membershipOf = perHistory((history): Membership | null => {
  const workloads = severalStores(history);
  if (workloads.length === 0 || !wasReadBack(history)) return null;
  const table = new Table(history);
  for (const workload of workloads) table.add(workload);
  return table.result();
});

type CountName = Exclude<keyof Membership, "orders" | "rows">;

/** Counts order by order. */
class Table {
  readonly #history: History;
  readonly #operations: ReadonlyMap<string, Operation>;
  /** What was read back, by store and operation: the hash of each copy. */
  readonly #hashes = new Map<string, string[]>();
  readonly #rows = new Map<string, MembershipRow>();
  readonly #counts: Readonly<Record<CountName, Record<string, number>>> = {
    dangling: {},
    orphans: {},
    mismatched: {},
    lost: {},
    discarded: {},
    replayed: {},
  };
  #orders = 0;

  constructor(history: History) {
    this.#history = history;
    this.#operations = new Map(history.operations.map((op) => [keyOf(op), op]));
    for (const element of history.recovered) {
      const copies = this.#hashes.get(keyOf(element));
      if (copies) copies.push(element.sha256);
      else this.#hashes.set(keyOf(element), [element.sha256]);
    }
  }

  add({ name, targets }: PlannedWorkload): void {
    for (const counts of Object.values(this.#counts)) for (const store of targets) counts[store] ??= 0;
    for (const op of this.#orderIds(name, targets)) this.#order(op, targets);
  }

  /** Every order of the workload, and what nobody ever sent but stands under its name in one of its stores. */
  #orderIds(workload: string, targets: readonly string[]): Set<string> {
    const ids = new Set(this.#history.operations.filter((o) => o.workload === workload).map(({ op }) => op));
    for (const { op, store } of this.#history.recovered)
      if (targets.includes(store) && op.startsWith(`${workload}-`)) ids.add(op);
    return ids;
  }

  #order(op: string, targets: readonly string[]): void {
    const [record = ""] = targets;
    const row = this.#found(record, op);
    const having = targets.filter((store) => this.#found(store, op) !== undefined);
    const acknowledged = targets.filter((store) => this.#operations.get(keyOf({ store, op }))?.outcome === "ok");
    for (const store of targets) this.#entry(op, store, { record, row, wanted: acknowledged.includes(store) });
    if (having.length === 0 && acknowledged.length === 0) return;
    this.#orders++;
    const pattern = having.join(" ");
    this.#rows.set(pattern, { stores: having, count: (this.#rows.get(pattern)?.count ?? 0) + 1 });
  }

  #entry(
    op: string,
    store: string,
    { record, row, wanted }: { record: string; row: readonly string[] | undefined; wanted: boolean },
  ): void {
    const found = this.#found(store, op);
    const done = reconciledOf(this.#history).get(keyOf({ store, op }));
    if (done === "replayed") this.#count("replayed", store);
    if (wanted && !found) {
      this.#count("lost", store);
      if (store !== record && row) this.#count("dangling", store);
      else if (done === "discarded") this.#count("discarded", store);
    }
    if (!found) return;
    if (store !== record && !row) this.#count("orphans", store);
    const right = store === record || !row ? this.#operations.get(keyOf({ store, op }))?.sha256 : row[0];
    if (right !== undefined && found.some((sha256) => sha256 !== right)) this.#count("mismatched", store);
  }

  #found(store: string, op: string): readonly string[] | undefined {
    return this.#hashes.get(keyOf({ store, op }));
  }

  #count(what: CountName, store: string): void {
    this.#counts[what][store] = (this.#counts[what][store] ?? 0) + 1;
  }

  result(): Membership {
    const rows = [...this.#rows.values()].toSorted(
      (a, b) =>
        b.stores.length - a.stores.length || b.count - a.count || a.stores.join().localeCompare(b.stores.join()),
    );
    return { orders: this.#orders, rows, ...this.#counts };
  }
}

function check(history: History): Finding {
  const say = finding("membership", ["raw/operations.jsonl", "raw/recovered.jsonl", "raw/events.jsonl"]);
  if (severalStores(history).length === 0)
    return say("pass", "no workload writes to several stores: there is nothing to compare");
  const membership = membershipOf(history);
  if (!membership) return say("unknown", "nothing was read back after the recovery: the stores cannot be compared");
  if (membership.orders === 0) return say("unknown", "no order was acknowledged: there is nothing to compare");
  const { dangling, orphans, mismatched, lost, discarded, replayed } = membership;
  const wrong = [
    ...words(dangling, "dangling, acknowledged and referred to by the record but absent"),
    ...words(orphans, "orphaned, without a row in the record"),
    ...words(mismatched, "of other content"),
  ];
  const about = [
    ...words(lost, "lost"),
    ...words(discarded, "taken away on purpose"),
    ...words(replayed, "written again"),
  ];
  const table = membership.rows.map(rowWords).join(", ");
  return say(wrong.length > 0 ? "fail" : "pass", [...wrong, `of ${orders(membership)}: ${table}`, ...about].join("; "));
}

const orders = ({ orders: count }: Membership): string => counted(count, "order");

const rowWords = ({ stores, count }: MembershipRow): string =>
  `${grouped(count)} in ${stores.length === 0 ? "no store" : stores.join(" ")}`;

/** `dangling: store 12`; nothing where every count is 0. */
function words(counts: ByStore, what: string): string[] {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0
    ? []
    : [`${some.map(([store, count]) => `${grouped(count)} in ${store}`).join(", ")} ${what}`];
}

export const membership: Checker = {
  name: "membership",
  summary: "Every order in the record has its entries in the other stores, and no entry stands there without its order",
  always: false,
  check,
};
