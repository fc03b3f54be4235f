/**
 * Whether the node that took over can stand in for the one before it in everything but its rows, which other checks count: the
 * numbers that its sequences hand out, and its schema. Replication of rows alone carries neither.
 */
import { z } from "zod";
import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding, type Judged } from "./findings.ts";
import { factsBeforeFault } from "./guarantee/reasons.ts";
import { storesJudgedBy } from "./judged-stores.ts";
import { servedBy } from "./positions.ts";
import { servingFacts } from "./reading.ts";

const NAME = "drop-in";
/** Names that a finding spells out; the facts have all. */
const SHOWN = 6;

const count = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .nullable()
  .transform((text) => (text === null ? null : BigInt(text)));
const sequences = z.array(
  z.object({
    name: z.string(),
    last: count,
    /** What it numbers; null where it belongs to no column. */
    table: z.string().nullable(),
    column: z.string().nullable(),
    /** Of the rows there are: the highest number, and how many stand in several rows. Only after the recovery. */
    highest: count.optional(),
    reused: count.optional(),
  }),
);
type Sequence = z.output<typeof sequences>[number];
const definitions = z.record(z.string(), z.string());

interface BesideRows {
  readonly node: string;
  readonly sequences: readonly Sequence[];
  /** Definitions by kind and name, `column ledger.op`. */
  readonly definitions: ReadonlyMap<string, string>;
}

function check(history: History): Finding {
  const say = finding(NAME, ["raw/facts.jsonl", "raw/operations.jsonl", "raw/probes.jsonl"]);
  const judged = storesJudgedBy(history, NAME).map((store) => judgeStore(history, store));
  const worst = judged.find((j) => j.verdict === "fail") ?? judged.find((j) => j.verdict === "unknown");
  if (worst) return say(worst.verdict, worst.detail);
  return judged.length > 0
    ? say("pass", judged.map(({ detail }) => detail).join("; "))
    : say("unknown", "no store was written to that has sequences or a schema");
}

function judgeStore(history: History, store: string): Judged {
  const served = servedBy(history, store).before;
  const looks = served === null ? [] : factsBeforeFault(history, store, served);
  const before = looks.map(({ node, values }) => besideRows(node, values)).findLast((look) => look !== null);
  const facts = servingFacts(history, store);
  const after = facts && besideRows(facts.node, facts.values);
  if (!before) return unknown(`what ${store} had beside its rows at the fault is not recorded`, looks.at(-1)?.values);
  if (!after) return unknown(`what ${store} has beside its rows after the recovery is not recorded`, facts?.values);
  const wrong = [...sequenceFaults(history, store, before, after), ...schemaFaults(before, after)];
  const uncounted = after.sequences.find(({ column, highest }) => column !== null && highest === undefined);
  if (wrong.length > 0)
    return { verdict: "fail", detail: `${after.node} cannot stand in for ${before.node}: ${wrong.join("; ")}` };
  if (uncounted)
    return unknown(`the highest number that ${uncounted.name} has given to a row is not recorded`, undefined);
  const detail = `${after.node} has what ${before.node} had: ${counted(before.sequences.length, "sequence")}, ${counted(before.definitions.size, "definition")}`;
  return { verdict: "pass", detail };
}

const unknown = (what: string, values: Readonly<Record<string, string>> | undefined): Judged => {
  const why = values?.["beside_rows"];
  return { verdict: "unknown", detail: why === undefined ? what : `${what}: it ${why}` };
};

/** Null where it was not recorded, or not in this form. */
function besideRows(node: string, values: Readonly<Record<string, string>>): BesideRows | null {
  try {
    return {
      node,
      sequences: sequences.parse(JSON.parse(values["sequences"] ?? "")),
      definitions: new Map(Object.entries(definitions.parse(JSON.parse(values["definitions"] ?? "")))),
    };
  } catch {
    return null;
  }
}

/**
 * A sequence that belongs to a column has to be beyond the rows there are: what it handed out for rows that are lost is no
 * number of anything. One that began anew shows it by its place, or by what it has handed out since.
 */
function sequenceFaults(history: History, store: string, before: BesideRows, after: BesideRows): string[] {
  const was = new Map(before.sequences.map(({ name, last }) => [name, last ?? 0n]));
  const refused = refusedNumbers(history, store, after);
  const behind = after.sequences.filter(({ name, last, column, highest, reused }) => {
    const due = column === null ? (was.get(name) ?? 0n) : (highest ?? 0n);
    return (last ?? 0n) < due || (reused ?? 0n) > 0n || (refused.bySequence.get(name) ?? 0) > 0;
  });
  if (behind.length === 0) return [];
  const each = behind.map(({ name, last }) => `${name} at ${last ?? "its start"}, was ${was.get(name) ?? "not there"}`);
  const reused = behind.reduce((sum, sequence) => sum + Number(sequence.reused ?? 0n), 0);
  const came = [
    ...(reused > 0 ? [`${counted(reused, "number stands", "numbers stand")} in several rows`] : []),
    ...(refused.writes > 0 ? [`${counted(refused.writes, "write")} refused for a number that was taken`] : []),
    ...(refused.probes > 0 ? [`${counted(refused.probes, "probe")} refused for it`] : []),
  ];
  const what = `${counted(behind.length, "sequence")} did not come along (${named(each)})`;
  return [came.length > 0 ? `${what}: ${came.join(", ")}` : what];
}

const REFUSED = /duplicate key value violates unique constraint "([^"]+)"/;

/** Writes and probes that the server refused because the number that it had drawn for them was taken. */
function refusedNumbers({ plan, operations, probes }: History, store: string, after: BesideRows) {
  const sequenceOf = new Map(
    after.sequences.flatMap(({ name, table, column }) =>
      [...after.definitions].flatMap(([of, definition]) => {
        const [, owner, constraint = ""] = /^constraint (.+)\.([^.]+)$/.exec(of) ?? [];
        const isKey = owner === table && [`PRIMARY KEY (${column})`, `UNIQUE (${column})`].includes(definition);
        return isKey && column !== null ? [[constraint, name] as const] : [];
      }),
    ),
  );
  const bySequence = new Map<string, number>();
  const countRefused = (errors: readonly (string | null)[]): number => {
    const mine = errors.flatMap((error) => sequenceOf.get(REFUSED.exec(error ?? "")?.[1] ?? "") ?? []);
    for (const name of mine) bySequence.set(name, (bySequence.get(name) ?? 0) + 1);
    return mine.length;
  };
  const targets = new Map(plan.probes.map(({ name, target }) => [name, target]));
  const asked = probes.filter(({ probe }) => targets.get(probe) === store);
  return {
    bySequence,
    writes: countRefused(operations.filter((op) => op.store === store).map((op) => op.error)),
    probes: countRefused(asked.map(({ error }) => error)),
  };
}

function schemaFaults(before: BesideRows, after: BesideRows): string[] {
  const [had, has] = [before.definitions, after.definitions];
  const missing = [...had.keys()].filter((name) => !has.has(name) && !isPartOfMissing(name, had, has));
  const surplus = [...has.keys()].filter((name) => !had.has(name) && !isPartOfMissing(name, has, had));
  const differs = [...had].filter(([name, definition]) => (has.get(name) ?? definition) !== definition);
  return [
    ...(missing.length > 0 ? [`${byKind(missing, had)} missing (${named(missing)})`] : []),
    ...(surplus.length > 0
      ? [`${counted(surplus.length, "definition")} that it did not have (${named(surplus)})`]
      : []),
    ...(differs.length > 0
      ? [`${counted(differs.length, "definition")} in another form (${named(differs.map(([name]) => name))})`]
      : []),
  ];
}

/** With a table go its columns, constraints, triggers and indexes: it is missed once. */
function isPartOfMissing(name: string, in_: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  const [, kind = "", rest = ""] = /^(\w+) (.*)$/s.exec(name) ?? [];
  const gone = [...in_.keys()]
    .filter((n) => n.startsWith("table ") && !other.has(n))
    .map((n) => n.slice("table ".length));
  if (kind === "index") return gone.some((table) => in_.get(name)?.includes(`.${table} USING `));
  return ["column", "constraint", "trigger"].includes(kind) && gone.some((table) => rest.startsWith(`${table}.`));
}

/** `1 table of 4, 2 columns of 13`: of each kind. */
function byKind(missing: readonly string[], had: ReadonlyMap<string, string>): string {
  const kindOf = (name: string): string => name.slice(0, name.indexOf(" "));
  const all = Map.groupBy(had.keys(), kindOf);
  return [...Map.groupBy(missing, kindOf)]
    .map(([kind, of]) => `${objects(of.length, kind)} of ${grouped(all.get(kind)?.length ?? 0)}`)
    .join(", ");
}

const named = (names: readonly string[]): string =>
  names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more` : names.join(", ");

const objects = (n: number, kind: string): string => counted(n, kind, `${kind}${kind.endsWith("x") ? "es" : "s"}`);

export const dropIn: Checker = {
  name: NAME,
  summary: "The node that serves has the sequences and the schema of the one before it, not only its rows",
  always: false,
  check,
};
