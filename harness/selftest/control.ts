import type { History } from "../history.ts";
import type { RawFiles } from "./raw-files.ts";

/** A planted record, whose truth is known because it was made so, and what its check must say of it. */
export interface Control {
  readonly name: string;
  readonly history: () => History;
  /** Changes the raw files as they stand on the disk, as a crash or a hand would. */
  readonly damage?: (files: RawFiles) => void;
  /** The finding to the letter: the counts and objects in it are the point. */
  readonly says: string;
}

/** Every control of one check, by the verdict that it must get: a check that bites, lets pass, and knows what it does not know. */
export interface CheckControls {
  readonly check: string;
  readonly pass: readonly Control[];
  /** Empty only for a check that never fails a drill. */
  readonly fail: readonly Control[];
  /** Empty only for a check that always knows. */
  readonly unknown: readonly Control[];
}
