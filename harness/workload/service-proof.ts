import type { Answer } from "./k6-samples.ts";
import type { WriteResult } from "../component.ts";

/** What a store answered through the order service, in the words that every workload uses. The service names nodes without their component. */
export function resultOf(store: string, answer: Answer): WriteResult {
  if (answer.outcome !== "ok") return answer;
  const text = (...names: string[]): string | null => {
    const found = names.map((name) => answer[name]).find((value) => value !== undefined && value !== null);
    return found === undefined ? null : String(found);
  };
  const [node, version] = [text("node"), text("versionId")];
  return {
    outcome: "ok",
    node: node === null ? null : `${store}.${node}`,
    lineage: text("timeline", "replid"),
    position: text("lsn", "offset"),
    ...(version !== null && { version }),
  };
}
