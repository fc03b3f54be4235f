import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, unlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { notReady } from "../errors.ts";
import { isAlive, self } from "../owner.ts";
import { createFile, sha256 } from "./files.ts";

/** Longer than an `exec` signer may take (60 s), since an intent is signed while the ledger is held. */
const PATIENCE_MS = 120_000;

/**
 * Runs `act` while no other process of this host does. A lock left behind by a dead process is taken over. Rejects with
 * exit 6 when a living process holds it for longer than two minutes.
 */
export async function withLock<T>(file: string, act: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const mine = `${self()} ${randomUUID()}`;
  const endMs = performance.now() + patienceMs;
  while (!createFile(file, mine, 0o600)) {
    const held = contentOf(file);
    const holder = held?.split(" ")[0] ?? "";
    if (held !== null && !isAlive(holder)) clearStale(file, held);
    if (performance.now() > endMs)
      throw notReady(
        `The lock ${file} has been held for ${patienceMs} ms by process ${holder.split(":")[0] || "unknown"}`,
        "wait for that run to end; if no such process runs, remove the lock file and try again",
      );
    await sleep(5 + Math.random() * 20);
  }
  try {
    return await act();
  } finally {
    unlinkSync(file);
  }
}

/**
 * Removes a dead owner's lock and never a living one's: only one process can make the claim named after this very lock, and
 * what the claim turns out to hold decides. Without it two waiters could each remove what the other has just taken.
 */
function clearStale(file: string, held: string): void {
  const claim = `${file}.stale-${sha256(held).slice(0, 16)}`;
  try {
    linkSync(file, claim);
  } catch {
    return; // another waiter has the claim, or the lock is gone: look again
  }
  if (contentOf(claim) === held) unlinkSync(file);
  unlinkSync(claim);
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw thrown;
  }
}
