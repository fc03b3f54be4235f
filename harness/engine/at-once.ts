import type { WaitStrategy } from "testcontainers";

/**
 * For containers whose readiness is asked for elsewhere. The library's own strategies look at ports, which prove nothing of a
 * server, and on the address of the bridge when this process seems to be in a container itself.
 */
export const atOnce: WaitStrategy = {
  waitUntilReady: async () => undefined,
  withStartupTimeout: () => atOnce,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};
