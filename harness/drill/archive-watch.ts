import { setTimeout as sleep } from "node:timers/promises";
import { type Alarm, ALARMS, ArchiveAlarms } from "../archive-alarms.ts";
import type { Archiving } from "../archive.ts";
import type { ArchiveLook } from "../history.ts";
import { type Bracket, nowNs } from "../time.ts";
import type { StepContext } from "./steps.ts";

const EVERY_MS = 200;

/** Looks at the archiving of one component for as long as it can be seen, and journals what changes and which alarms begin. */
export class ArchiveWatch {
  readonly #name: string;
  readonly #component: Archiving;
  readonly #context: Pick<StepContext, "journal" | "mark">;
  readonly #alarms = new ArchiveAlarms();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #holding: readonly Alarm[] = [];
  #last: { look: ArchiveLook; at: Bracket; told: boolean } | undefined;

  constructor(name: string, component: Archiving, context: Pick<StepContext, "journal" | "mark">) {
    this.#name = name;
    this.#component = component;
    this.#context = context;
    this.#done = this.#watch();
    this.#done.catch(() => undefined); // told to whoever stops it
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const fromNs = nowNs();
      const look = await this.#component.lookAtArchive().catch(() => null); // a machine that is lost is not seen
      if (look) this.#see(look, { fromNs, toNs: nowNs() });
      else this.#tellLast();
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    this.#tellLast();
  }

  #see(look: ArchiveLook, at: Bracket): void {
    const changed = JSON.stringify(look) !== JSON.stringify(this.#last?.look);
    const fromNs = this.#last?.at.fromNs ?? at.fromNs;
    this.#last = { look, at, told: changed };
    if (changed) this.#tell(look, { fromNs, toNs: at.toNs });
    const atMs = Number(at.toNs) / 1e6;
    this.#alarms.see(look, atMs);
    const holding = this.#alarms.holding(atMs);
    for (const alarm of holding.filter((one) => !this.#holding.includes(one))) this.#raise(alarm, at.toNs);
    this.#holding = holding;
  }

  #raise(alarm: Alarm, toNs: bigint): void {
    this.#context.journal("archive-alarm", { component: this.#name, alarm, toNs: String(toNs) });
    this.#context.mark("alarm", { fromNs: toNs, toNs }, `${this.#name}: ${ALARMS[alarm]}`);
  }

  /** Until when it was watched has to be known too: silence counts only for as long as somebody listened. */
  #tellLast(): void {
    if (!this.#last || this.#last.told) return;
    this.#last.told = true;
    this.#tell(this.#last.look, this.#last.at);
  }

  #tell(look: ArchiveLook, { fromNs, toNs }: Bracket): void {
    const at = { fromNs: String(fromNs), toNs: String(toNs) };
    this.#context.journal("archive-looked", { component: this.#name, ...look, ...at });
  }
}
