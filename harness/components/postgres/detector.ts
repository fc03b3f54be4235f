import type { Sighting } from "../../archive.ts";
import type { Node } from "../../node.ts";
import type { Archiver, ArchiveConfig, Backup } from "./archiver.ts";
import { grouped } from "../../text.ts";
import type { Shell } from "./shell.ts";

/**
 * A tool that a team would use to find out whether what it has is whole. It is run once a drill, on what the recovery left or on the
 * archive, and the report says whether it noticed anything. A new one is a file in detectors/ and an entry in detectors.ts.
 */
export interface Detector {
  readonly name: string;
  readonly summary: string;
  /** What it can notice, and what it cannot. */
  readonly goodFor: string;
  /** It looks at an archive: it is no part of a drill whose cluster keeps none. */
  readonly ofArchive?: true;
  /** It needs the server to be down: it runs alone, when all others have ended. */
  readonly last?: true;
  /** Rejects where it could not look; that is `not-run` with the reason. */
  run(bench: Bench): Promise<Seen>;
}

export interface Seen extends Pick<Sighting, "noticed" | "detail"> {
  /** Where it ran before the inspection. */
  readonly at?: Sighting["at"];
}

export const noticed = (detail: string): Seen => ({ noticed: "yes", detail });
export const silent = (detail: string): Seen => ({ noticed: "no", detail });
export const notRun = (detail: string): Seen => ({ noticed: "not-run", detail });

/** What the detectors of one cluster work with. */
export interface Bench {
  readonly version: number;
  /** Of one piece of history. */
  readonly segmentBytes: number;
  /** The node that serves, or should. */
  readonly serving: Node;
  readonly archive: {
    readonly archiver: Archiver;
    readonly tool: ArchiveConfig["tool"];
    /** The newest segment may have been put there before it was full, so that nothing is lost: then it ends in zeros. */
    readonly openEnd: boolean;
  } | null;
  /** A machine that runs, the serving one before all others; without a server where none is left. */
  machine(): Promise<Shell>;
  /** What the archive holds, listed once. */
  names(): Promise<readonly string[]>;
  /** The backup that was restored, else the oldest; null where there is none. */
  backup(): Promise<Backup | null>;
  readonly restored: Restored | null;
  /** What the serving node said of itself, before the last fault and when everything was read back. */
  readonly before: Facts | null;
  readonly after: Facts | null;
  /** pg_amcheck runs with the facts that are read back; what it said there, and when. */
  readonly structure: (Facts & Pick<Sighting, "at">) | null;
}

/** How a restore was told to go. */
export interface Restored {
  /** The machine that was filled. */
  readonly node: string;
  readonly backup: Backup;
  /** Where to end, as far as that is known as a position; null for the end of history. */
  readonly target: { readonly lineage: string; readonly lsn: string } | null;
  readonly latest: boolean;
}

export interface Facts {
  readonly node: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Scratch space outside of the node's disk; it goes with the machine. */
export const SCRATCH = "/tmp/blackstart-inspection";

const NOT_THERE = 127;

/** Lines of sh that end with 127 where the tool is not on the machine, or its major version is not `of` the server's as it has to be. */
export const needs = (tool: string, of: "-eq" | "-ge", version: number): string =>
  `said=$(${tool} --version 2>/dev/null) || { echo "${tool} is not on this machine" >&2; exit ${NOT_THERE}; }
[ "$(echo "$said" | sed 's/^[^)]*) \\([0-9]*\\).*/\\1/')" ${of} ${version} ] || { echo "$said cannot be used for version ${version}" >&2; exit ${NOT_THERE}; }
`;

/** Rejects with its words where a script ended for want of its tool. */
export function demandTool({ code, stderr }: { code: number; stderr: string }): void {
  if (code === NOT_THERE) throw new Error(stderr.trim().split("\n").at(-1));
}

/** `a, b, c and 4 more are missing`. */
export function missingWords(names: readonly string[], shown = 3): string {
  const more = names.length > shown ? ` and ${grouped(names.length - shown)} more` : "";
  return `${names.slice(0, shown).join(", ")}${more} ${names.length > 1 ? "are" : "is"} missing`;
}

/** The first lines of what a tool said, on one line. */
export const firstWords = (text: string, lines = 2): string => {
  const all = text.trim().split("\n").filter(Boolean);
  const more = all.length > lines ? ` (and ${all.length - lines} more lines)` : "";
  return `${all.slice(0, lines).join("; ").slice(0, 400)}${more}`;
};
