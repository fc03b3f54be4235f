import type { ArchiveLook } from "./history.ts";

/** The check for which archiving is watched while the drill runs. */
export const ARCHIVING_ALARM = "archiving-alarm";

/** What operations teams are woken by. The first three are what a server says of itself; a command that lies passes them all. */
export const ALARMS = {
  failures: "the server counts another failure",
  waiting: "segments pile up that the server has not archived",
  stale: "a segment waits for longer than the server's own limit",
  missing: "the store does not list what the server says is archived",
} as const;
export type Alarm = keyof typeof ALARMS;

/** One may wait while another is on its way; more do not in normal service. */
const WAITING_MAX = 2;

/** Fed with looks in their order; says which alarms hold. The clock is whoever's calls it, in milliseconds. */
export class ArchiveAlarms {
  #before: ArchiveLook | undefined;
  #look: ArchiveLook | undefined;
  /** When segments were first seen to be complete. */
  readonly #completedMs = new Map<string, number>();

  see(look: ArchiveLook, atMs: number): void {
    this.#before = this.#look;
    this.#look = look;
    if (this.#before && this.#before.current !== look.current) this.#completedMs.set(this.#before.current, atMs);
  }

  holding(atMs: number): Alarm[] {
    const look = this.#look;
    if (!look) return [];
    const waits = [...this.#completedMs].filter(([segment]) => !isArchived(look, segment)).map(([, ms]) => atMs - ms);
    const holds: Readonly<Record<Alarm, boolean>> = {
      failures: this.#before !== undefined && look.failures > this.#before.failures,
      waiting: look.waiting > WAITING_MAX,
      stale: look.timeoutMs > 0 && Math.max(0, ...waits) > look.timeoutMs,
      missing: missingIn(look).length > 0,
    };
    return (Object.keys(ALARMS) as Alarm[]).filter((alarm) => holds[alarm]);
  }
}

/** Segments go in the order of their names. */
export const isArchived = ({ archived }: ArchiveLook, segment: string): boolean =>
  archived !== null && segment <= archived;

/** The server was asked before the store: what it said was archived by then has to be in the list. */
export const missingIn = (look: ArchiveLook): string[] =>
  (look.unstored ?? []).filter((segment) => isArchived(look, segment));
