import { readFileSync } from "node:fs";
import type { Component } from "../component.ts";
import type { ClockBracket } from "../history.ts";
import { nowNs } from "../time.ts";

/** Reads several clocks at once, so that one that was faked or that stepped shows against the others. */
export async function lookAtClocks(label: string, components: Iterable<Component>): Promise<ClockBracket> {
  const fromNs = nowNs();
  const wallNs = BigInt(Date.now()) * 1_000_000n;
  const uptimeNs = uptime();
  const toNs = nowNs();
  const stores = (await Promise.all([...components].map((component) => component.clocks()))).flat();
  return { label, fromNs: String(fromNs), toNs: String(toNs), wallNs: String(wallNs), uptimeNs, stores };
}

/** /proc/uptime counts in hundredths of a second and is out of reach of a preloaded clock library. */
function uptime(): string | null {
  try {
    const [seconds = "", hundredths = "0"] = readFileSync("/proc/uptime", "utf8").split(" ")[0]!.split(".");
    return String(BigInt(seconds) * 1_000_000_000n + BigInt(hundredths) * 10_000_000n);
  } catch {
    return null;
  }
}
