import { defineConfig } from "vitest/config";

const ALONE = "harness/**/*.alone.test.ts";
const CONTAINERS = "harness/**/*.containers.test.ts";
const patient = { testTimeout: 300_000, hookTimeout: 300_000 };

/**
 * `unit` needs no container; `alone` and `containers` drill real systems. `alone` comes first and one file at a time: these tests
 * judge times, look at the whole engine, or use both cores themselves, and they leave the images built. Of `containers` two files
 * run at once, for a drill mostly waits.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["harness/**/*.test.ts", "fixtures/workloads/**/*.test.ts"],
          exclude: [ALONE, CONTAINERS],
          testTimeout: 20_000,
          maxWorkers: "100%", // by default one core is left alone, which of two is half
          sequence: { groupOrder: 0 },
        },
      },
      { test: { name: "alone", include: [ALONE], fileParallelism: false, sequence: { groupOrder: 1 }, ...patient } },
      { test: { name: "containers", include: [CONTAINERS], maxWorkers: 2, sequence: { groupOrder: 2 }, ...patient } },
    ],
  },
});
