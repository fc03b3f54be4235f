/** The backups and restores of a drill, from its record. */
import { eventsOf, spanOf } from "../checkers/reading.ts";
import type { History } from "../history.ts";
import type { Report } from "../report.ts";

const roundMs = (ms: number): number => Math.round(ms * 1_000) / 1_000;

export const backupsOf = (history: History): Report["backups"] =>
  eventsOf(history, "backup-taken").map(({ data }) => {
    const { component, label, level, dataBytes, storedBytes } = data;
    const { fromMs, toMs } = spanOf(history, data);
    return { component, label, level, dataBytes, storedBytes, tookMs: roundMs(toMs - fromMs) };
  });

export function restoresOf(history: History): Report["restores"] {
  const taken = new Map(
    eventsOf(history, "backup-taken").map(({ data }) => [
      `${data.component} ${data.label}`,
      spanOf(history, data).toMs,
    ]),
  );
  return eventsOf(history, "restored").map(({ data }) => {
    const { step, node, backup, level, dataBytes, walBytes, fromNs, fetchedNs, toNs } = data;
    const fetch = spanOf(history, { fromNs, toNs: fetchedNs });
    const { toMs } = spanOf(history, { fromNs, toNs });
    const takenMs = taken.get(`${node.slice(0, node.lastIndexOf("."))} ${backup}`);
    return {
      step,
      node,
      backup,
      level,
      dataBytes,
      walBytes,
      fetchMs: roundMs(fetch.toMs - fetch.fromMs),
      replayMs: roundMs(toMs - fetch.toMs),
      backupAgeMs: takenMs === undefined ? null : roundMs(toMs - takenMs),
    };
  });
}
