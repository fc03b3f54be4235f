import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { humanMs } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { type Clock, clocksOf, worstClock } from "./clocks.ts";
import { finding } from "./findings.ts";
import { outageOf } from "./outage.ts";

/** A library that fakes one clock of a process fakes them all alike; /proc/uptime and the stores' clocks are out of its reach. */
function check(history: History): Finding {
  const say = finding("clock", ["raw/events.jsonl", "raw/host.json"]);
  const { preload, clockSynchronised } = history.host;
  if (preload) return say("unknown", `a library was loaded into the harness (${preload}): it may have faked the clock`);
  const worst = worstClock(history);
  if (worst)
    return say(
      "unknown",
      `${worst.name} contradicts the monotonic clock by ${humanMs(worst.byMs)} beyond what the brackets allow`,
    );
  const witnesses = clocksOf(history).filter((clock) => clock.independent && spansOutage(history, clock));
  if (witnesses.length === 0)
    return say("unknown", "no independent clock was looked at both before the fault and after the recovery");
  const names = clocksOf(history).map(({ name, looks }) => `${name} (${looks.length})`);
  const wall =
    clockSynchronised === true
      ? ""
      : "; the wall clock is not known to be synchronised, and no duration is taken from it";
  return say("pass", `the monotonic clock agrees with ${names.join(", ")}${wall}`);
}

function spansOutage(history: History, { looks }: Clock): boolean {
  const [first, last] = [looks[0], looks.at(-1)];
  if (!first || !last || first === last) return false;
  const outage = outageOf(history);
  if (!outage) return true;
  const endMs = outage.recovery.state === "not-recovered" ? outage.fault.at.toMs : outage.recovery.ackMs;
  return first.toMs <= outage.fault.at.fromMs && last.fromMs >= endMs;
}

export const clock: Checker = {
  name: "clock",
  summary: "The clock that measures agrees with every other clock at hand",
  always: true,
  check,
};
