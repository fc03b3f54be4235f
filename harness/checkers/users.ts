import type { History, UserRequest } from "../history.ts";
import type { Interval, Users, UsersPeriod } from "../report.ts";
import { nearestRank } from "./clients.ts";
import { outageOf } from "./outage.ts";
import { perHistory } from "./reading.ts";

const BUCKET_MS = 1_000;
/** Statuses that tell a user that the order is placed. */
const isGood = ({ status }: UserRequest): boolean => status >= 200 && status < 300;

/** The outage as users of an application saw it: by request, not by store. Null where no workload goes through one. */
export const usersOf = perHistory((history): Users | null => {
  const asked = inOrder(history);
  if (asked.length === 0) return null;
  const outage = outageOf(history);
  const zeroMs = outage?.fault.at.toMs ?? asked[0]!.dueMs;
  const fromFaultMs = outage?.fault.at.fromMs ?? Infinity;
  const failed = asked.filter((request) => !isGood(request) && endOf(request) > fromFaultMs);
  const [first, last] = [failed[0], failed.at(-1)];
  const relative = (ms: number): number => round(ms - zeroMs);
  const good = last && asked.find((request) => isGood(request) && request.invokedMs > last.invokedMs);
  return {
    requests: asked.length,
    failed: asked.filter((request) => !isGood(request)).length,
    underWayAtTheEnd: history.requests.length - asked.length,
    firstFailedMs: first ? relative(first.invokedMs) : null,
    goodAgainMs: good ? relative(endOf(good)) : null,
    outage: first && last && good ? seenOutage(asked, { first, last, good }) : null,
    periods: first && last ? periodsOf(asked, first, last) : [period("throughout", asked)],
    statuses: statusesOf(asked, zeroMs),
  };
});

const endOf = ({ endedMs }: UserRequest): number => endedMs ?? Infinity;
const round = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** What was under way when the load ended came to nothing that anybody saw. */
const inOrder = ({ requests }: History): UserRequest[] =>
  requests.filter(({ endedMs }) => endedMs !== null).toSorted((a, b) => a.invokedMs - b.invokedMs);

/**
 * At least from the first request that failed to the last one, by when they were sent; at most from the last good one before to the
 * answer of the first good one after which none failed.
 */
function seenOutage(
  asked: readonly UserRequest[],
  { first, last, good }: { first: UserRequest; last: UserRequest; good: UserRequest },
): Interval {
  const before = asked.findLast((request) => isGood(request) && request.invokedMs < first.invokedMs);
  return {
    lowerMs: round(last.invokedMs - first.invokedMs),
    upperMs: round(endOf(good) - (before?.invokedMs ?? first.invokedMs)),
  };
}

function periodsOf(asked: readonly UserRequest[], first: UserRequest, last: UserRequest): UsersPeriod[] {
  return [
    period(
      "before the first failed one",
      asked.filter(({ invokedMs }) => invokedMs < first.invokedMs),
    ),
    period(
      "from there to the last failed one",
      asked.filter(({ invokedMs }) => invokedMs >= first.invokedMs && invokedMs <= last.invokedMs),
    ),
    period(
      "after it",
      asked.filter(({ invokedMs }) => invokedMs > last.invokedMs),
    ),
  ];
}

/** Latency is what a user waited, from when the request was due, whatever the answer was. */
function period(name: string, asked: readonly UserRequest[]): UsersPeriod {
  const waited = Float64Array.from(asked.map((request) => endOf(request) - request.dueMs)).toSorted();
  const percentile = (share: number) => (waited.length === 0 ? null : round(nearestRank(waited, share)));
  return {
    name,
    requests: asked.length,
    failed: asked.filter((request) => !isGood(request)).length,
    latencyP50Ms: percentile(0.5),
    latencyP99Ms: percentile(0.99),
  };
}

/** How many requests got which status, second by second of when they were sent. */
function statusesOf(asked: readonly UserRequest[], zeroMs: number): Users["statuses"] {
  const fromMs = Math.floor((asked[0]!.invokedMs - zeroMs) / BUCKET_MS) * BUCKET_MS;
  const bucketOf = ({ invokedMs }: UserRequest): number => Math.floor((invokedMs - zeroMs - fromMs) / BUCKET_MS);
  const length = bucketOf(asked.at(-1)!) + 1;
  const counts = new Map<number, number[]>();
  for (const request of asked) {
    const of = counts.get(request.status) ?? Array.from({ length }, () => 0);
    counts.set(request.status, of);
    of[bucketOf(request)]! += 1;
  }
  const byStatus = [...counts].toSorted(([a], [b]) => a - b);
  return { fromMs, bucketMs: BUCKET_MS, counts: byStatus.map(([status, perBucket]) => ({ status, perBucket })) };
}
