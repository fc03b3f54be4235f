import type { Report } from "../report.ts";
import { grouped, humanMs } from "../text.ts";
import { type Markup, markup, pairs, table } from "./markup.ts";
import { interval, printed, usersWords } from "./words.ts";

/** Nothing where no workload goes through an application. Of the seconds only those are shown that had something but good answers. */
export function users({ users: seen }: Report): Markup | null {
  if (seen === null) return null;
  const { periods, statuses, firstFailedMs, goodAgainMs, outage, underWayAtTheEnd } = seen;
  const shareOf = (failed: number, requests: number) =>
    requests === 0 ? null : `${((100 * failed) / requests).toFixed(1)} %`;
  const seconds = (statuses.counts[0]?.perBucket ?? []).flatMap((_, i) => {
    const some = statuses.counts.filter(({ perBucket }) => perBucket[i]! > 0);
    if (some.every(({ status }) => status >= 200 && status < 300)) return [];
    const words = some.map(({ status, perBucket }) => `${statusWord(status)}: ${grouped(perBucket[i]!)}`);
    return [[`${(statuses.fromMs + i * statuses.bucketMs) / 1_000} s`, words.join(", ")]];
  });
  return markup`<p>${capital(usersWords(seen))}.</p>
${pairs("grid", [
  ["First request that failed, sent", firstFailedMs !== null && printed(firstFailedMs)],
  ["First good answer that lasted", goodAgainMs !== null && printed(goodAgainMs)],
  ["Outage", outage && interval(outage)],
  ["Under way when the load ended", grouped(underWayAtTheEnd)],
])}
${table(
  "users",
  ["requests sent", "requests", "failed", "error rate", "p50", "p99"],
  periods.map(({ name, requests, failed, latencyP50Ms, latencyP99Ms }) => [
    name,
    grouped(requests),
    grouped(failed),
    shareOf(failed, requests),
    latencyP50Ms !== null && humanMs(latencyP50Ms),
    latencyP99Ms !== null && humanMs(latencyP99Ms),
  ]),
)}
${seconds.length > 0 && table("statuses", ["second from", "answers by HTTP status"], seconds)}
<p class="note">One order is one request to the service. Times are from the effective fault, latency from when a request was due. Counted from the load generator's own lines, raw/requests-*.txt; seconds in which every answer was good are left out here, report.json has all.</p>`;
}

const statusWord = (status: number): string => (status === 0 ? "no answer" : String(status));
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
