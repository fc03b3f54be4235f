import { self } from "../owner.ts";

/** Everything that Blackstart creates carries `blackstart.run`; nothing without it is ever touched. */
export const RUN_LABEL = "blackstart.run";
const OWNER_LABEL = "blackstart.owner";
export const NODE_LABEL = "blackstart.node";

export const labelsFor = (run: string): Record<string, string> => ({ [RUN_LABEL]: run, [OWNER_LABEL]: self() });

export const ownerIn = (labels: Record<string, string> | undefined): string => labels?.[OWNER_LABEL] ?? "";
