import type { Phase } from "../history.ts";

/** What a person is told while a drill runs. Never what it is judged by. */
export type Progress =
  | { readonly kind: "phase"; readonly phase: Phase; readonly state: "started" | "ended"; readonly elapsedMs: number }
  | { readonly kind: "mark"; readonly name: string; readonly afterFaultMs: number; readonly detail: string }
  | { readonly kind: "counters"; readonly acknowledged: number; readonly failed: number; readonly indeterminate: number }
  | { readonly kind: "note"; readonly text: string };

export type Listener = (progress: Progress) => void;
