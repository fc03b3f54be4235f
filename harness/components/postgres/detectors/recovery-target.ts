import { formatPosition, parsePosition } from "../../../position.ts";
import { type Bench, type Detector, type Facts, notRun, noticed, type Seen, silent } from "../detector.ts";
import { archiveOf } from "./archive.ts";
import { RECORD_MOST_BYTES } from "../archive-end.ts";
import { segmentOf, startOf } from "../wal-names.ts";

/** A record may be cut off where the archive ends. */
const MARGIN = BigInt(RECORD_MOST_BYTES);

export const recoveryTarget: Detector = {
  name: "recovery target",
  summary: "Compares where the recovery ended with what it was asked for, and with how far the archive goes",
  goodFor: "history that ends too early or on another branch, whatever the reason; blind to damage behind the target",
  ofArchive: true,
  async run(bench) {
    return judgeEnd({ ...bench, names: await bench.names(), openEnd: archiveOf(bench).openEnd });
  },
};

type Known = Pick<Bench, "before" | "after" | "restored" | "segmentBytes"> & {
  readonly names: readonly string[];
  readonly openEnd: boolean;
};

/** Where the history that had been left ends, and on which timeline. */
interface End {
  readonly lineage: string;
  readonly said: string;
  readonly lsn: bigint;
}

export function judgeEnd({ before, after, restored, names, openEnd, segmentBytes }: Known): Seen {
  if (!after) return notRun("no node serves, so no recovery has ended");
  if (after.values["in_recovery"] === "true") return notRun(`${after.node} is still in recovery`);
  const end = endOf(before, after, restored !== null);
  if (!end) return notRun("no recovery from an archive or of a server that had crashed was seen to end");
  const where = `the recovery ended at ${end.said} on timeline ${end.lineage}`;
  if (restored && !restored.latest) return againstTarget(end, where, restored);
  const served = before?.values["lineage"];
  if (served !== undefined && served !== end.lineage)
    return noticed(`${where}, and what had served was timeline ${served}`);
  // A server that goes on on the same timeline goes on archiving: what is there by now says nothing of what was there then.
  const there = end.lineage === after.values["lineage"] ? [] : names;
  const reach = reachOf(end.lineage, before, there, segmentBytes);
  if (!reach) return notRun(`${where}; nothing is known of how far the archive goes on it`);
  // What was put there before it was full goes to somewhere in its last segment.
  if (openEnd && end.lsn >= reach.last) return silent(`${where}; ${reach.why}, which need not be full`);
  const words = `${where}; ${reach.why}, which goes to ${formatPosition(reach.lsn)}`;
  return end.lsn + MARGIN < reach.lsn ? noticed(words) : silent(words);
}

function againstTarget(end: End, where: string, { target, backup }: NonNullable<Bench["restored"]>): Seen {
  const asked = target && parsePosition(target.lsn);
  if (!target || asked === null) {
    const consistent = parsePosition(backup.stopLsn);
    if (consistent === null) return notRun(`${where}; ${backup.label} does not say where it is consistent`);
    const words = `${where}; ${backup.label} is consistent at ${backup.stopLsn}, which is as far as was asked`;
    return end.lsn + MARGIN < consistent ? noticed(words) : silent(words);
  }
  const words = `${where}; asked for was ${target.lsn} on timeline ${target.lineage}`;
  if (target.lineage !== end.lineage || end.lsn + MARGIN < asked) return noticed(words);
  const consistent = parsePosition(backup.stopLsn);
  if (consistent !== null && consistent > asked)
    return noticed(`${words}, which the backup is beyond: it ends at ${backup.stopLsn}`);
  return silent(words);
}

/** A promotion says where the old timeline was left; crash recovery says where its last record begins. */
function endOf(before: Facts | null, after: Facts, restored: boolean): End | null {
  const { values } = after;
  const left = values["switch_from_lineage"];
  const [at, redone] = [values["switch_position"], values["recovery_end_position"]].map((said) =>
    parsePosition(said ?? ""),
  );
  const served = before?.values["lineage"];
  if (left !== undefined && at !== null && at !== undefined && (restored || served === left))
    return { lineage: left, said: values["switch_position"]!, lsn: at };
  const restarted = before?.node === after.node && before.values["process_start"] !== values["process_start"];
  if (restarted && served !== undefined && served === values["lineage"] && redone !== null && redone !== undefined)
    return { lineage: served, said: values["recovery_end_position"]!, lsn: redone };
  return null;
}

interface Reach {
  readonly lsn: bigint;
  /** Where the last segment begins. */
  readonly last: bigint;
  readonly why: string;
}

/** The furthest that is known of the archive on a timeline: what the server said it had archived, and what is there. */
function reachOf(lineage: string, before: Facts | null, names: readonly string[], segmentBytes: number): Reach | null {
  const told = before?.values["last_archived_wal"] ?? "";
  const known = [
    // The name of a backup's own file begins with the segment that the backup began in, which was archived before it.
    { name: told.slice(0, 24), why: `the server had archived ${told.slice(0, 24)}` },
    ...names.map((name) => ({ name, why: `the archive holds ${name}` })),
  ].flatMap(({ name, why }) => {
    const segment = segmentOf(name, segmentBytes);
    return segment && !segment.partial && String(segment.timeline) === lineage ? [{ ...segment, why }] : [];
  });
  const last = known.reduce<(typeof known)[number] | null>((a, b) => (a && a.number >= b.number ? a : b), null);
  return (
    last && { lsn: startOf(last.number + 1n, segmentBytes), last: startOf(last.number, segmentBytes), why: last.why }
  );
}
