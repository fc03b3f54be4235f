import { defineConfig } from "vitest/config";

/** `unit` needs no container; `containers` drills real systems and runs one file at a time (two cores). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["harness/**/*.test.ts", "fixtures/workloads/**/*.test.ts"],
          exclude: ["harness/**/*.containers.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "containers",
          include: ["harness/**/*.containers.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
