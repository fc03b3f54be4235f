/** A WORM bucket that lives in memory, and probes of it, for the tests of this folder. */
import type { KeptObject, Trial, WormBucket } from "../worm.ts";
import { sha256 } from "./files.ts";
import type { TestBed } from "./testing.ts";
import { keepProbe } from "./worm-probe.ts";

export const WORM_NAME = "worm.example/evidence";
export const held: readonly Trial[] = [{ name: "delete the version", held: true, detail: "403 AccessDenied" }];

/** A bucket that lives in memory, and what it will say of each version. */
export interface FakeBucket extends WormBucket {
  readonly kept: Map<string, KeptObject>;
  /** Answers with this from now on. */
  refuse: string | null;
}

export function fakeBucket(): FakeBucket {
  const kept = new Map<string, KeptObject>();
  return {
    name: WORM_NAME,
    kept,
    refuse: null,
    put(key, bytes, until) {
      if (this.refuse !== null) return Promise.reject(new Error(this.refuse));
      const version = `v${kept.size + 1}`;
      kept.set(`${key} ${version}`, {
        sha256: sha256(bytes),
        putAt: new Date(),
        retention: { mode: "COMPLIANCE", until },
      });
      return Promise.resolve(version);
    },
    look(key, version) {
      const found = kept.get(`${key} ${version}`);
      return found ? Promise.resolve(found) : Promise.reject(new Error("404 NoSuchVersion"));
    },
    async *list() {
      for (const id of kept.keys()) yield { key: id.split(" ")[0]!, version: id.split(" ")[1]! };
    },
    close: () => undefined,
  };
}

/** Signs a probe with the bed's key and keeps it in its reports; resolves with its file. */
export const keepProbeOf = (
  bed: Pick<TestBed, "reports" | "signer">,
  { trials = held, when = new Date(), bucket = WORM_NAME } = {},
): Promise<{ readonly file: string }> =>
  keepProbe(
    bed.reports,
    {
      blackstart: "0.1.0",
      dirty: false,
      clockSynchronised: true,
      preload: null,
      bucket,
      when: when.toISOString(),
      trials,
    },
    bed.signer,
  );
