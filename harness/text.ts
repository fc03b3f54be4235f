/** Text that others control, made safe for a terminal or a log line: control characters become visible escapes. */
export const visible = (text: string): string =>
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** `4820` -> `4,820`. */
export const grouped = (n: number): string => n.toLocaleString("en-US");

/** `1 segment`, `4,820 segments`; `many` where an s does not make it, or where a verb follows. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`;

/** Milliseconds for people: `0.9 ms`, `38 ms`, `1.24 s`, `4 min 05 s`. */
export function humanMs(ms: number): string {
  const sign = ms < 0 ? "-" : "";
  const abs = Math.abs(ms);
  if (abs < 10) return `${sign}${abs.toFixed(1)} ms`;
  if (abs < 1_000) return `${sign}${abs.toFixed(0)} ms`;
  if (abs < 60_000) return `${sign}${(abs / 1_000).toFixed(2)} s`;
  return `${sign}${Math.floor(abs / 60_000)} min ${String(Math.floor((abs % 60_000) / 1_000)).padStart(2, "0")} s`;
}
