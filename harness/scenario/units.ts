import { z } from "zod";

/**
 * Durations, rates and sizes carry units in a scenario and are numbers with the unit in the name everywhere else. A quantity is a
 * number without a sign, of at most nine digits and six more behind a point, and right behind it the unit, in exactly these letters.
 * For a rate that is `/s`; for a data rate a size's unit and `/s`.
 */

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** No drill takes a day; and timers of Node end at 24 days. */
const LONGEST_MS = 24 * MS_PER_UNIT.h;
const BYTES_PER_UNIT = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

const quantity = <Unit extends string>(
  units: Readonly<Record<Unit, number>>,
  suffix: string,
  what: string,
  example: string,
) => {
  const pattern = new RegExp(`^(\\d{1,9}(?:\\.\\d{1,6})?)(${Object.keys(units).join("|")})${suffix}$`);
  return z
    .string({ error: () => `expected ${what} with a unit, such as ${example}` })
    .regex(pattern, { error: () => `expected ${what} with a unit, such as ${example}` })
    .meta({ description: `${what[0]!.toUpperCase()}${what.slice(1)} with a unit, such as ${example}` })
    .transform((text) => {
      const [, number = "0", unit = ""] = pattern.exec(text) ?? [];
      return Number(number) * units[unit as Unit];
    });
};

/** `250ms`, `2s`, `5m`, `1.5h` -> milliseconds. */
export const duration = quantity(MS_PER_UNIT, "", "a duration", "250ms, 2s or 5m").refine((ms) => ms <= LONGEST_MS, {
  error: "expected at most 24h",
});
/** `500/s` -> operations a second. */
export const rate = quantity({ "": 1 }, "/s", "a rate", "500/s");
/** `64KiB/s` -> bytes a second. */
export const byteRate = quantity(BYTES_PER_UNIT, "/s", "a data rate", "64KiB/s or 1MiB/s");
/** `64KiB`, `512MiB`, `2GiB` -> whole bytes. */
export const byteSize = quantity(BYTES_PER_UNIT, "", "a size", "64KiB, 512MiB or 2GiB").transform((bytes) =>
  Math.round(bytes),
);
/** A duration that is not zero. */
export const positiveDuration = duration.refine((ms) => ms > 0, { error: "expected a duration above zero" });

/** Milliseconds as a scenario would write them: `5m`, `1.5s`, `250ms`. */
export function durationText(ms: number): string {
  const unit = (["h", "m", "s"] as const).find(
    (u) => ms >= MS_PER_UNIT[u] && Number.isInteger((ms / MS_PER_UNIT[u]) * 10),
  );
  return unit === undefined ? `${ms}ms` : `${ms / MS_PER_UNIT[unit]}${unit}`;
}
