import type { Phase } from "./history.ts";
import type { Interval } from "./report.ts";

/** What a person is told while a drill runs; never what it is judged by. */
export type ProgressEvent =
  | { readonly kind: "phase-started"; readonly phase: Phase }
  | { readonly kind: "phase-ended"; readonly phase: Phase; readonly error?: string }
  /** A line of the waterfall as soon as it is known; times are after the effective fault. */
  | { readonly kind: "mark"; readonly label: string; readonly at: Interval }
  | {
      readonly kind: "counters";
      readonly acknowledged: number;
      readonly failed: number;
      readonly indeterminate: number;
      readonly perSecond: number;
    }
  /** Something that takes its time, such as an image that is built; the same `what` replaces what it said before. */
  | { readonly kind: "progress"; readonly what: string; readonly detail: string; readonly done?: boolean }
  | { readonly kind: "note"; readonly text: string };

export type Listener = (event: ProgressEvent) => void;
