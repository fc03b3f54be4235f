import { z } from "zod";
import { checkers } from "../checkers.ts";
import { componentKinds } from "../components.ts";
import { faultKinds } from "../faults.ts";
import { recoveryKinds } from "../recoveries.ts";
import { routineKinds } from "../routines.ts";
import { workloadKinds } from "../workloads.ts";
import {
  actKeys,
  detectorStart,
  healed,
  name,
  plainKeys,
  stepKeys,
  stepTarget,
  timeStart,
  workloadKeys,
} from "./shape.ts";

/** Where the schema lies and what the first line of each scenario names. */
export const SCHEMA_FILE = new URL("../../fixtures/scenario.schema.json", import.meta.url);

/**
 * The JSON Schema by which editors complete and check a scenario, made of the definitions that `validate` uses. It cannot say
 * everything (whether a standby exists, whether an objective is tighter): what it accepts may still be refused.
 */
function scenarioJsonSchema(): object {
  const scenario = z.strictObject({
    ...plainKeys,
    verify: z
      .array(z.enum(checkers.map((c) => c.name)))
      .min(1)
      .meta({ description: "Checkers that judge the drill" }),
    stack: z.record(name, oneOf(componentKinds.map(componentVariant))).meta({ description: "The components, by name" }),
    workload: z
      .array(oneOf(workloadKinds.map(workloadVariant)))
      .min(1)
      .meta({ description: "Who writes while things break" }),
    steps: z
      .array(oneOf(stepVariants()))
      .min(1)
      .meta({ description: "What is broken and how it is recovered, in order" }),
  });
  const { $schema, ...schema } = z.toJSONSchema(scenario, { target: "draft-7", io: "input" });
  return { $schema, title: "Blackstart scenario", description: "A disaster-recovery drill", ...schema };
}

/** As it is written to the file. */
export const schemaText = (): string => `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;

/** Exactly one of several maps that differ by a constant key. */
const oneOf = (variants: readonly z.ZodType[]): z.ZodType => (variants.length === 1 ? variants[0]! : z.xor(variants));

const componentVariant = ({ kind, summary, config }: (typeof componentKinds)[number]): z.ZodType =>
  z.strictObject({ kind: constant(kind, summary), ...(config as z.ZodObject).shape });

const workloadVariant = ({ kind, summary, config }: (typeof workloadKinds)[number]): z.ZodType =>
  z.strictObject({ kind: constant(kind, summary), ...workloadKeys, ...config.shape });

function stepVariants(): z.ZodType[] {
  const triggers = [...new Set(componentKinds.flatMap((k) => k.triggers))];
  const starts = {
    ...stepKeys,
    at: z
      .xor([timeStart, z.strictObject({ on: z.enum(triggers) })])
      .optional()
      .meta({ description: "A planned start" }),
    when: detectorStart.optional().meta({ description: "A start by a detector, as in real life" }),
  };
  return [
    ...faultKinds.map((k) =>
      z.strictObject({ fault: constant(k.name, k.summary), target: stepTarget, ...k.params.shape, ...starts }),
    ),
    ...recoveryKinds.map((k) =>
      z.strictObject({
        recover: constant(k.name, k.summary),
        target: stepTarget,
        ...actKeys,
        ...k.params.shape,
        ...starts,
      }),
    ),
    ...routineKinds.map((k) =>
      z.strictObject({
        routine: constant(k.name, k.summary),
        target: stepTarget,
        ...actKeys,
        ...k.params.shape,
        ...starts,
      }),
    ),
    z.strictObject({ heal: healed, ...starts }),
  ];
}

const constant = (value: string, description: string) => z.literal(value).meta({ description });
