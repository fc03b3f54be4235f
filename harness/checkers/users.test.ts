import { describe, expect, it } from "vitest";
import type { UserRequest } from "../history.ts";
import { askedUntilMs } from "./clients.ts";
import { drill } from "../selftest/golden.ts";
import { usersOf } from "./users.ts";

/** 50 a second from 1,000 ms on, each answered after 8 ms; from 5,010 to 5,700 ms none succeeds. The fault is effective at 5,000 ms. */
const requests = (change: (request: UserRequest) => Partial<UserRequest> = () => ({})): UserRequest[] =>
  Array.from({ length: 400 }, (_, i) => {
    const invokedMs = 1_000 + i * 20;
    const bad = invokedMs >= 5_010 && invokedMs < 5_700;
    const request = {
      workload: "users",
      op: `users-${i}`,
      dueMs: invokedMs,
      invokedMs,
      endedMs: invokedMs + (bad ? 400 : 8),
      status: bad ? (i % 2 === 0 ? 503 : 0) : 201,
    };
    return { ...request, ...change(request) };
  });

const seen = (change?: (request: UserRequest) => Partial<UserRequest>) =>
  usersOf(drill({}, (history) => void (history.requests = requests(change))));

describe("the outage as users saw it", () => {
  it("is counted by request", () => {
    expect(seen()).toMatchObject({ requests: 400, failed: 34, underWayAtTheEnd: 0 });
    const counts = Object.fromEntries(
      seen()!.statuses.counts.map(({ status, perBucket }) => [status, perBucket.reduce((a, b) => a + b, 0)]),
    );
    expect(counts).toEqual({ 0: 17, 201: 366, 503: 17 });
  });

  it("lies between what must have been and what can have been", () => {
    const { outage, firstFailedMs, goodAgainMs } = seen()!;
    expect(outage).toEqual({ lowerMs: 660, upperMs: 5_708 - 5_000 });
    expect(5_000 + firstFailedMs!).toBeCloseTo(5_020, -1);
    expect(5_000 + goodAgainMs!).toBeCloseTo(5_708, -1);
  });

  it("has what users waited before, in and after it", () => {
    expect(seen()!.periods).toMatchObject([
      { requests: 201, failed: 0, latencyP50Ms: 8, latencyP99Ms: 8 },
      { requests: 34, failed: 34, latencyP50Ms: 400, latencyP99Ms: 400 },
      { requests: 165, failed: 0, latencyP50Ms: 8, latencyP99Ms: 8 },
    ]);
  });

  it("has no end when no good answer lasts", () => {
    expect(seen(({ invokedMs }) => (invokedMs > 8_900 ? { status: 503 } : {}))).toMatchObject({
      outage: null,
      goodAgainMs: null,
    });
  });

  it("is none when nobody's request failed after the fault", () => {
    const before = seen(({ invokedMs }) => ({ status: invokedMs < 1_100 ? 503 : 201, endedMs: invokedMs + 8 }));
    expect(before).toMatchObject({ failed: 5, firstFailedMs: null, outage: null, periods: [{ requests: 400 }] });
  });

  it("leaves out what was under way when the load ended", () => {
    expect(seen(({ invokedMs }) => (invokedMs > 8_950 ? { endedMs: null, status: 0 } : {}))).toMatchObject({
      requests: 398,
      failed: 34,
      underWayAtTheEnd: 2,
    });
  });

  it("is not told where no workload goes through an application", () => expect(usersOf(drill())).toBeNull());
});

it("judges nothing from the first write on that was broken off with the end of the load", () => {
  const whole = drill();
  const last = whole.operations.at(-1)!;
  const brokenOff = drill({}, (history) => {
    history.operations.at(-3)!.endedMs = null;
    history.operations.at(-3)!.outcome = "info";
  });
  expect(askedUntilMs(whole)).toBeGreaterThan(last.dueMs);
  expect(askedUntilMs(brokenOff)).toBeLessThan(brokenOff.operations.at(-3)!.invokedMs);
  // One that nobody heard of although its client's patience was over long before is a failure like any other.
  const forgotten = drill({}, (history) => void (history.operations.at(-300)!.endedMs = null));
  expect(askedUntilMs(forgotten)).toBe(askedUntilMs(whole));
});
