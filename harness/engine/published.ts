import { engine } from "./connect.ts";
import { RUN_LABEL } from "./labels.ts";

/** The run of ours whose container is published at a port of this machine; null where none is. */
export async function runAtPort(port: number): Promise<string | null> {
  const containers = await (await engine()).listContainers({ filters: { label: [RUN_LABEL] } });
  const found = containers.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port));
  return found?.Labels[RUN_LABEL] ?? null;
}
