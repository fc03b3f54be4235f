import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { requestFiles } from "./request-files.ts";
import { lookAtWall, type WallLook } from "./wall-clock.ts";

/**
 * The ledger of requests in flight, on disk outside every container: the load generator's own lines just as they came, each in the
 * file before anything is made of it, and looks at the clock that it tells the time by. The verdict reads both again.
 */
export class RequestLog {
  readonly looks: WallLook[] = [];
  readonly #lines: number;
  readonly #looks: number;
  #open = true;

  constructor(rawDir: string, workload: string) {
    const { lines, looks } = requestFiles(workload);
    this.#lines = openSync(path.join(rawDir, lines), "ax");
    this.#looks = openSync(path.join(rawDir, looks), "ax");
  }

  append(text: string): void {
    if (this.#open) writeSync(this.#lines, text);
  }

  look(): void {
    if (!this.#open) return;
    const look = lookAtWall();
    this.looks.push(look);
    writeSync(
      this.#looks,
      `${JSON.stringify(Object.fromEntries(Object.entries(look).map(([name, ns]) => [name, String(ns)])))}\n`,
    );
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const fd of [this.#lines, this.#looks]) {
      fsyncSync(fd);
      closeSync(fd);
    }
  }
}
