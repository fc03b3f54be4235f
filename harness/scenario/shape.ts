import { z } from "zod";
import { OUTCOME_CLASSES } from "../plan.ts";
import { component, text } from "./names.ts";
import { duration, positiveDuration } from "./units.ts";

/**
 * What each key of a scenario may hold. The reader checks with these pieces one by one, so that it can say everything that is
 * wrong at once, and the JSON Schema for editors is put together from the same pieces.
 */

export const name = text(/^[a-z][a-z0-9-]{0,30}$/, "a name of lower-case letters, digits and dashes, at most 31");
const dottedName = text(/^[a-z][a-z0-9.-]{0,62}$/, "a name of lower-case letters, digits, dots and dashes, at most 63");
const target = text(
  /^[a-z][a-z0-9-]{0,30}(\.[a-z][a-z0-9-]{0,30})?$/,
  "a component, or a node of one such as db.primary",
);
const times = z.int().min(1).max(1_000);

export const objectives = z.strictObject({
  recoveryTime: positiveDuration
    .optional()
    .meta({ description: "Longest time from the fault until clients can write again, such as 5m" }),
  lostWrites: z.int().min(0).optional().meta({ description: "Most acknowledged writes that may be gone" }),
  detection: positiveDuration
    .optional()
    .meta({ description: "Longest time from the fault until it is noticed, such as 1s" }),
});

/** The keys of a scenario that stand for themselves; `stack`, `workload` and `steps` depend on a kind and are read apart. */
export const plainKeys = {
  id: text(/^[a-z][a-z0-9-]{2,62}$/, "an id of 3 to 63 lower-case letters, digits and dashes").meta({
    description: "Unique among all scenarios",
  }),
  title: text(/^[^\n\t]{1,200}$/, "one line of at most 200 characters").meta({
    description: "What happens, in one sentence",
  }),
  covers: z
    .array(text(/^[A-Z][1-9][0-9]?$/, "an id of the catalogue, such as A3"))
    .prefault([])
    .meta({ description: "Ids of the drill catalogue; coverage is counted from these" }),
  controls: z
    .array(
      text(
        /^[a-z0-9][a-z0-9.-]{0,40}\/[A-Za-z0-9][A-Za-z0-9.()-]{0,40}$/,
        "a framework and a control, such as adr-004/rto",
      ),
    )
    .prefault([])
    .meta({ description: "Controls that this drill is evidence for" }),
  objectives: objectives.prefault({}).meta({ description: "May tighten the policy's objectives, never loosen them" }),
  probes: z
    .array(
      z.strictObject({
        name: dottedName.optional(),
        target: component,
        mode: z.enum(["read", "write"]),
        every: positiveDuration.prefault("100ms"),
        timeout: positiveDuration.prefault("500ms"),
        critical: z
          .boolean()
          .default(true)
          .meta({ description: "Whether the recovery is over only when this probe succeeds" }),
      }),
    )
    .min(1)
    .optional()
    .meta({
      description:
        "Open-loop probes on the client path; a write and a read probe for each workload's target if left out",
    }),
  steadyState: z
    .strictObject({
      hold: positiveDuration.prefault("3s"),
      errors: z.int().min(0).default(0),
      timeout: positiveDuration.prefault("60s"),
    })
    .prefault({})
    .meta({ description: "What must hold before anything is broken" }),
  settle: positiveDuration
    .prefault("3s")
    .meta({ description: "How long every critical probe must succeed before the recovery counts" }),
  verify: z
    .array(name, { error: "expected a list of checkers, such as [no-lost-writes]" })
    .min(1)
    .meta({ description: "Checkers that judge the drill" }),
  expect: z
    .enum(["pass", "fail"])
    .meta({ description: "fail: a control that loses data by design, and is failed when it does not" }),
  expectLoss: z
    .strictObject({
      min: z.int().min(1),
      max: z.int().min(1).optional(),
      shape: z.enum(["suffix", "hole"]).optional(),
    })
    .optional()
    .meta({ description: "With expect: fail, how many acknowledged writes must be lost" }),
  expectMutated: z
    .strictObject({ min: z.int().min(1), max: z.int().min(1).optional() })
    .optional()
    .meta({ description: "With expect: fail, how many elements must come back with other content than was sent" }),
  expectDuplicated: z
    .strictObject({ min: z.int().min(1), max: z.int().min(1).optional() })
    .optional()
    .meta({ description: "With expect: fail, how many operations must be found in the store more than once" }),
  expectPhantom: z
    .strictObject({ min: z.int().min(1), max: z.int().min(1).optional() })
    .optional()
    .meta({ description: "With expect: fail, how many elements must be there that no client ever sent" }),
  expectFailed: z
    .array(name)
    .min(1)
    .optional()
    .meta({ description: "With expect: fail, the checks that must fail and no other; no-lost-writes if left out" }),
  outcome: z.enum(OUTCOME_CLASSES).optional().meta({
    description:
      "What the catalogue expects: zero loss, lossy by design, closed (it refuses), silent (wrong without a word), block (stops rather than lose)",
  }),
  environment: z
    .strictObject({ kind: z.literal("containers") })
    .optional()
    .meta({ description: "Where the stack is brought up" }),
} as const;

/** Keys of every item of `workload` beside those of its kind. */
export const workloadKeys = { name: name.optional() } as const;

/** A planned start: some time after the step before it ended. */
export const timeStart = z.strictObject({
  after: duration.meta({ description: "Counted from the end of the step before" }),
  jitter: duration.prefault("0s").meta({ description: "Up to this much later, drawn from the seed" }),
});

export const triggerStart = z.strictObject({
  on: name.meta({ description: "An event of the target, such as checkpoint" }),
});

export const detectorStart = z.strictObject({
  probe: component.meta({ description: "The component that the detector asks over the client path" }),
  fails: times.default(3).meta({
    description: "Failures in a row; by these defaults the last of them ends at most 600 ms after the outage began",
  }),
  every: positiveDuration.prefault("150ms"),
  timeout: positiveDuration.prefault("150ms"),
});

/** Keys of every step beside `at`, `when` and those of its kind. */
export const stepKeys = {
  as: name.optional().meta({ description: "The step's name, which heal and the report use" }),
} as const;

/** What a recovery or a routine may say of its own end. */
export const actKeys = {
  expect: z
    .enum(["success", "refused"])
    .default("success")
    .meta({ description: "refused: the system must not accept this procedure; that it succeeds fails the drill" }),
  because: z
    .string()
    .min(3)
    .max(200)
    .optional()
    .meta({ description: "With expect: refused, words of the refusal: one for another reason fails the drill too" }),
} as const;

export const stepTarget = target.meta({ description: "A component, or a node of one such as db.primary" });

export const healed = name.meta({ description: "The name of an earlier fault step" });
