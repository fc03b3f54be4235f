/** What one k6 is to do. The script is fixtures/workloads/orders.ts and goes in on stdin, so that its root can be read-only. */
export interface OrderLoad {
  /** Where the order service listens, on this machine. */
  readonly port: number;
  readonly ratePerSecond: number;
  /** Longer than any drill takes: k6 is told to stop. */
  readonly durationMs: number;
  /** The clients' own patience. The service's has to be shorter. */
  readonly timeoutMs: number;
  readonly seed: number;
  readonly workload: string;
}

/** k6 ends with this when it was told to stop (SIGINT or SIGTERM); with 0 when its duration was over. */
export const K6_STOPPED = 105;

/** Only loopback is asked for anything: no usage report, no extension looked up. Its lines leave raw, one write each. */
export const K6_ENV = { K6_AUTO_EXTENSION_RESOLUTION: "false", K6_NO_USAGE_REPORT: "true" } as const;

export function k6Argv({ port, ratePerSecond, durationMs, timeoutMs, seed, workload }: OrderLoad): string[] {
  const settings = {
    TARGET: `http://127.0.0.1:${port}`,
    RATE: ratePerSecond,
    DURATION: `${durationMs}ms`,
    TIMEOUT_MS: timeoutMs,
    SEED: seed,
    WORKLOAD: workload,
  };
  const words = ["k6", "run", "--quiet", "--no-color", "--log-format", "raw", "--log-output", "stdout"];
  for (const [name, value] of Object.entries(settings)) words.push("-e", `${name}=${value}`);
  return [...words, "-"];
}
