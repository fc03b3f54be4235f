import type { History } from "../history.ts";
import { toMonotonic } from "./clocks.ts";
import type { Span } from "./reading.ts";

/** A line in which a server says that something is wrong, and when. */
export interface Complaint {
  readonly node: string;
  readonly text: string;
  readonly at: Span;
  /** Whether it stopped or refused for it. At level LOG it says the same of damage and of the ordinary end of history, and goes on. */
  readonly refused: boolean;
}

/** log_line_prefix is '%m [%p] ' and the log speaks UTC. */
const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) (?:UTC|GMT) \[\d+\] (PANIC|FATAL|ERROR|LOG): {1,2}(.*)$/gm;
const LOG_TICK_MS = 1;

/** Ends of connections and of processes that are told to end, a start that is not over, a partner that is away: no word of damage. */
const ROUTINE =
  /^(the database system is |terminating |canceling |could not (connect|receive|send|start WAL|fork)|streaming replication |highest timeline |connection to client |password authentication |no pg_hba|sorry, too many |remaining connection |lock file |(database|role) ".*" does not exist)/;

/** What PostgreSQL says of a page, a record or a transaction status that cannot be right (bufpage, xlogreader, heapam, slru, toast). */
const DAMAGE =
  /invalid page|page verification failed|could not read blocks? |could not access status of transaction|unexpected data beyond EOF|unexpected zero page|missing chunk number|unexpected chunk number|compressed .* data is corrupt|invalid memory alloc|found xmin |uncommitted xmin|right sibling|is not a btree|corrupted (item|line|page)/;
const RECORD =
  /^(incorrect resource manager data checksum|invalid magic number|unexpected pageaddr|invalid resource manager|record with incorrect prev-link|invalid record offset|invalid contrecord|there is no contrecord flag)/;

const serversOf = ({ plan }: History): string[] =>
  plan.components.flatMap(({ kind, nodes }) => (kind === "postgres" ? nodes : []));

/** Whether any server left a line that can be read and dated: silence is only then silence. */
export const wasHeard = (history: History): boolean =>
  serversOf(history).some((node) => (history.logs[node] ?? "").search(LINE) >= 0);

/** What the servers of the stack said from the first fault on; the first of each text on each node. */
export const complaintsOf = (history: History, sinceMs: number): Complaint[] =>
  serversOf(history)
    .flatMap((node) => complaintsIn(history, node, sinceMs))
    .toSorted((a, b) => a.at.toMs - b.at.toMs);

function complaintsIn(history: History, node: string, sinceMs: number): Complaint[] {
  const seen = new Set<string>();
  return [...(history.logs[node] ?? "").matchAll(LINE)].flatMap(([, day, time, level = "", text = ""]) => {
    if (!isComplaint(level, text) || seen.has(text)) return [];
    const at = toMonotonic(history, Date.parse(`${day}T${time}Z`), node, LOG_TICK_MS);
    if (at === null || at.toMs < sinceMs) return [];
    seen.add(text);
    return [{ node, text: `${level}: ${text}`, at, refused: level !== "LOG" }];
  });
}

function isComplaint(level: string, text: string): boolean {
  if (level === "PANIC") return true;
  if (level === "FATAL") return !ROUTINE.test(text);
  return level === "ERROR" ? DAMAGE.test(text) : RECORD.test(text);
}
