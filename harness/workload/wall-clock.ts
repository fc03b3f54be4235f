import { type Bracket, nowNs } from "../time.ts";

/**
 * One look at this machine's wall clock: somewhere within the monotonic bracket it showed `wallNs`, or up to one resolution more.
 * For load that another process issues, whose only clock is that one.
 */
export interface WallLook extends Bracket {
  readonly wallNs: bigint;
  readonly resolutionNs: bigint;
}

const MS_NS = 1_000_000n;
const NO_TICK_AFTER_NS = 20n * MS_NS;

/** Waits for the clock's next millisecond: at that instant it shows just what it says. A clock that does not tick is read as it stands. */
export function lookAtWall(wallMs: () => number = Date.now, monotonicNs: () => bigint = nowNs): WallLook {
  const startNs = monotonicNs();
  let fromNs = startNs;
  let shown = wallMs();
  for (;;) {
    const betweenNs = monotonicNs();
    const next = wallMs();
    const toNs = monotonicNs();
    if (next > shown) return { fromNs, toNs, wallNs: BigInt(next) * MS_NS, resolutionNs: 0n };
    if (toNs - startNs > NO_TICK_AFTER_NS)
      return { fromNs: betweenNs, toNs, wallNs: BigInt(next) * MS_NS, resolutionNs: MS_NS };
    [fromNs, shown] = [betweenNs, next];
  }
}

/**
 * When a clock that is read in whole milliseconds showed `wallMs`, as narrow as the looks just before and after leave it. A clock
 * that stepped in between makes it as wide as the step. Null when nobody looked.
 */
export function monotonicOf(looks: readonly WallLook[], wallMs: number): Bracket | null {
  const wallNs = BigInt(wallMs) * MS_NS;
  const after = looks.findIndex((look) => look.wallNs > wallNs);
  const near = after < 0 ? looks.slice(-1) : looks.slice(Math.max(0, after - 1), after + 1);
  if (near.length === 0) return null;
  const ahead = near.map((look) => ({
    least: look.fromNs - look.wallNs - look.resolutionNs,
    most: look.toNs - look.wallNs,
  }));
  const least = ahead.reduce((a, { least: b }) => (b < a ? b : a), ahead[0]!.least);
  const most = ahead.reduce((a, { most: b }) => (b > a ? b : a), ahead[0]!.most);
  return { fromNs: wallNs + least, toNs: wallNs + MS_NS + most };
}
