/**
 * raw/events.jsonl: what the harness did and saw, one line an event, each line holding the SHA-256 of the line before it
 * (its bytes without the newline; 64 zeros for the first). A line that was changed, removed, added or moved breaks the chain;
 * the hash of the last line goes into the signed statement, so that a cut end is noticed as well.
 */
import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";
import type { EventData } from "../history.ts";
import { visible } from "../text.ts";
import { nowNs } from "../time.ts";
import { sha256 } from "./files.ts";
import { isTooDeep } from "./json.ts";

const NOTHING_BEFORE = "0".repeat(64);

/** An event as it stands in the file. `ns` is the monotonic clock; `wall` is only a label. */
export type RawEvent = {
  [K in keyof EventData]: {
    readonly seq: number;
    readonly ns: bigint;
    readonly wall: string;
    readonly kind: K;
    readonly data: EventData[K];
  };
}[keyof EventData];

export interface Journal {
  /** Appends one event. Written when this returns, durable after `flush`. `ns` defaults to now. */
  readonly append: <K extends keyof EventData>(kind: K, data: EventData[K], ns?: bigint) => void;
  /** Waits for the disk (fsync). */
  readonly flush: () => void;
  /** Flushes and closes; later appends throw. */
  readonly close: () => void;
}

/** Starts a journal in a file that must not exist yet. */
export function openJournal(file: string): Journal {
  const fd = openSync(file, "ax");
  let seq = 0;
  let prev = NOTHING_BEFORE;
  let open = true;
  return {
    append(kind, data, ns = nowNs()) {
      if (!open) throw new Error(`the journal is closed: ${kind} came too late`); // the number of the file may be another's by now
      const line = JSON.stringify({ seq, prev, ns: String(ns), wall: new Date().toISOString(), kind, data });
      writeFileSync(fd, `${line}\n`);
      prev = sha256(line);
      seq += 1;
    },
    flush: () => fsyncSync(fd),
    close() {
      open = false;
      fsyncSync(fd);
      closeSync(fd);
    },
  };
}

/** Every kind of event, kept complete by the compiler. */
const KINDS: Record<keyof EventData, true> = {
  "run-started": true,
  "intent-signed": true,
  "phase-started": true,
  "phase-ended": true,
  "clock-bracket": true,
  "step-started": true,
  "fault-effective": true,
  "fault-proven": true,
  "fault-healed": true,
  detected: true,
  "recovery-started": true,
  "recovery-mark": true,
  "recovery-ended": true,
  "workload-stopped": true,
  redundancy: true,
  attempt: true,
  reconciled: true,
  struck: true,
  rewound: true,
  "routine-ended": true,
  "read-back": true,
  "detector-ran": true,
  "backup-taken": true,
  restored: true,
  "archive-looked": true,
  "archive-alarm": true,
  note: true,
  "run-ended": true,
};

export interface ReadJournal {
  readonly events: readonly RawEvent[];
  /** What is wrong with the record, each with its line, a hundred at most; empty for a complete journal. */
  readonly defects: readonly string[];
  /** SHA-256 of the last whole line, hex. */
  readonly head: string;
}

/** A record with so many defects is none; what follows them is not read. */
const MAX_DEFECTS = 100;

/** Reads a journal and says what is wrong with it; never throws. */
export function readJournal(text: string): ReadJournal {
  const events: RawEvent[] = [];
  const defects: string[] = [];
  let head = NOTHING_BEFORE;
  let line = 0;
  let from = 0;
  for (let to = text.indexOf("\n"); to >= 0 && defects.length < MAX_DEFECTS; to = text.indexOf("\n", from)) {
    const bytes = text.slice(from, to);
    const entry = parseLine(bytes);
    if (entry === null) defects.push(`events.jsonl line ${line + 1} is not an event`);
    else {
      if (entry.prev !== head) defects.push(`events.jsonl line ${line + 1}: the chain is broken`);
      if (entry.event.seq !== line)
        defects.push(
          `events.jsonl line ${line + 1}: sequence gap, ${line} was expected and ${entry.event.seq} is there`,
        );
      events.push(entry.event);
    }
    head = sha256(bytes);
    line += 1;
    from = to + 1;
  }
  if (defects.length >= MAX_DEFECTS) defects.push(`events.jsonl is not read beyond line ${line}`);
  else if (from < text.length) defects.push(`events.jsonl line ${line + 1} is cut off`);
  if (events.at(-1)?.kind !== "run-ended") defects.push("events.jsonl has no run-ended at its end");
  return { events, defects, head };
}

function parseLine(line: string): { prev: string; event: RawEvent } | null {
  if (isTooDeep(line)) return null; // it would take gigabytes to parse what is no event
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const { seq, prev, ns, wall, kind, data } = (value ?? {}) as Record<string, unknown>;
  const shaped =
    typeof seq === "number" &&
    typeof prev === "string" &&
    typeof ns === "string" &&
    /^\d{1,20}$/.test(ns) &&
    typeof wall === "string" &&
    typeof kind === "string" &&
    Object.hasOwn(KINDS, kind) &&
    typeof data === "object" &&
    data !== null;
  return shaped ? { prev, event: { seq, ns: BigInt(ns), wall: visible(wall), kind, data } as RawEvent } : null;
}
