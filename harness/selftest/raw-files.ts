import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { History, JournalEvent, Operation } from "../history.ts";
import { HASH, nsOf } from "./golden.ts";

/** Files of a pack by their names in raw/. */
export type RawFiles = Map<string, string>;

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** A history as the raw files that a drill would have left, the journal chained. */
export const rawFilesOf = (history: History): RawFiles =>
  new Map([
    ["plan.json", JSON.stringify(history.plan)],
    ["scenario.yaml", history.scenarioText],
    ["host.json", JSON.stringify(history.host)],
    ["images.json", JSON.stringify(history.images)],
    ["events.jsonl", journalText(history.events)],
    ["operations.jsonl", lines(history.operations.map(rawOperation))],
    [
      "probes.jsonl",
      lines(history.probes.map(({ dueMs, endedMs, ...p }) => ({ ...p, dueNs: nsOf(dueMs), endedNs: nsOf(endedMs) }))),
    ],
    ["recovered.jsonl", lines(history.recovered)],
    ["accounts.jsonl", lines(history.accounts)],
    ["inventory.jsonl", lines(history.inventory)],
    ["facts.jsonl", lines(history.facts.map(({ ms, ...f }) => ({ ...f, ns: nsOf(ms) })))],
    ["engine-events.jsonl", lines(history.engineEvents.map((e) => ({ ...e, wallNs: String(e.wallNs) })))],
    ...Object.entries(history.logs).map(([node, text]) => [`logs/${node}.log`, text] as const),
  ]);

/** Writes raw files into a pack's folder. */
export function writeRaw(dir: string, files: RawFiles): void {
  const raw = path.join(dir, "raw");
  mkdirSync(path.join(raw, "logs"), { recursive: true });
  for (const [name, text] of files) writeFileSync(path.join(raw, name), text);
}

export const writePack = (dir: string, history: History): void => writeRaw(dir, rawFilesOf(history));

const rawOperation = ({ dueMs, invokedMs, endedMs, ...op }: Operation): object => ({
  ...op,
  dueNs: nsOf(dueMs),
  invokedNs: nsOf(invokedMs),
  endedNs: endedMs === null ? null : nsOf(endedMs),
});

function journalText(events: readonly JournalEvent[]): string {
  let prev = "0".repeat(64);
  let text = "";
  for (const { seq, ms, wall, kind, data } of events) {
    const line = JSON.stringify({ seq, prev, ns: nsOf(ms), wall, kind, data });
    prev = HASH(line);
    text += `${line}\n`;
  }
  return text;
}
