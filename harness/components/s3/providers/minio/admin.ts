import { z } from "zod";
import type { Credentials } from "../../provider.ts";
import { signedFetch } from "../../signed.ts";

const server = z.object({
  endpoint: z.string().optional(),
  state: z.string().optional(),
  uptime: z.number().optional(),
  version: z.string().optional(),
  drives: z
    .array(
      z.object({
        endpoint: z.string().optional(),
        path: z.string().optional(),
        state: z.string().optional(),
        healing: z.boolean().optional(),
        heal_info: z.unknown().optional(),
      }),
    )
    .optional(),
});

const infoAnswer = z.object({
  servers: z.array(server).default([]),
  backend: z
    .object({
      standardSCData: z.array(z.number()).optional(),
      standardSCParity: z.number().optional(),
      onlineDisks: z.number().optional(),
      offlineDisks: z.number().optional(),
    })
    .optional(),
});

export interface AdminInfo {
  readonly version: string;
  readonly startedAt: string;
  readonly drivesOnline: number;
  readonly drivesOffline: number;
  readonly healing: number;
  readonly writeQuorum: string;
  readonly states: readonly string[];
}

/** What a server says of the whole store. Asked with the root's keys; its answer is plain JSON. */
export async function adminInfo(port: number, credentials: Credentials, timeoutMs: number): Promise<AdminInfo> {
  const answer = await signedFetch(port, { method: "GET", path: "/minio/admin/v3/info" }, credentials, timeoutMs);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the administration answered ${answer.status}: ${text.slice(0, 200)}`);
  const { servers, backend } = infoAnswer.parse(JSON.parse(text));
  const drives = servers.flatMap((one) => one.drives ?? []);
  const online = drives.filter(({ state }) => state === "ok").length;
  const data = backend?.standardSCData?.[0];
  const parity = backend?.standardSCParity ?? 0;
  const quorum = data === undefined ? "not said" : `${data === parity ? data + 1 : data} of ${data + parity}`;
  return {
    version: servers.find(({ version }) => version)?.version ?? "not said",
    startedAt: "",
    drivesOnline: online,
    drivesOffline: drives.length - online,
    healing: drives.filter(({ healing, heal_info }) => healing === true || heal_info !== undefined).length,
    writeQuorum: quorum,
    states: drives.map(
      ({ endpoint, path, state, healing }) => `${endpoint ?? path}: ${state}${healing ? ", healing" : ""}`,
    ),
  };
}
