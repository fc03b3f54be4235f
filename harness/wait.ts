import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the condition holds; false when the time is over. Rejects when aborted or when the question itself throws. */
export async function awaitCondition(
  holds: () => Promise<boolean>,
  options: { everyMs: number; timeoutMs: number; signal: AbortSignal },
): Promise<boolean> {
  const endMs = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal.throwIfAborted();
    if (await holds()) return true;
    if (performance.now() >= endMs) return false;
    await sleep(options.everyMs, undefined, { signal: options.signal });
  }
}

/** Rejects with `message` when the promise has not settled in time; the promise itself goes on. */
export async function within<T>(timeoutMs: number, promise: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${message} within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets go of a promise when the drill is aborted; whoever made it still cleans up after it. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => undefined); // after an abort nobody else listens
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop!);
  }
}
