import { z } from "zod";
import type { Endpoint } from "../../client.ts";
import type { Credentials } from "../../provider.ts";
import { askSigned } from "../../signed.ts";

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
        heal_info: z.object({ finished: z.boolean().optional() }).optional(),
      }),
    )
    .optional(),
});

const infoAnswer = z.object({
  servers: z.array(server).default([]),
  backend: z
    .object({
      totalDrivesPerSet: z.array(z.number()).optional(),
      standardSCParity: z.number().optional(),
    })
    .optional(),
});

export interface AdminInfo {
  readonly version: string;
  readonly drivesOnline: number;
  readonly drivesOffline: number;
  readonly healing: number;
  readonly writeQuorum: string;
  /** Endpoints of drives that were rebuilt since they were put in. */
  readonly healed: readonly string[];
  /** Each drive with its state, as the server words it. */
  readonly states: readonly string[];
}

/** What a server says of the whole store. Asked with the root's keys; its answer is plain JSON. */
export async function adminInfo(at: Endpoint, credentials: Credentials, timeoutMs: number): Promise<AdminInfo> {
  const { ok, status, text } = await askSigned(
    at,
    { method: "GET", path: "/minio/admin/v3/info" },
    credentials,
    timeoutMs,
  );
  if (!ok) throw new Error(`the administration answered ${status}: ${text.slice(0, 200)}`);
  const { servers, backend } = infoAnswer.parse(JSON.parse(text));
  const drives = servers.flatMap((one) => one.drives ?? []);
  const online = drives.filter(({ state }) => state === "ok").length;
  const total = backend?.totalDrivesPerSet?.[0];
  const parity = backend?.standardSCParity ?? 0;
  const data = (total ?? 0) - parity;
  // Half of the drives may be parity; then one more than the data must have a write, or two halves could both take one.
  const quorum = total === undefined ? "not said" : `${parity > 0 && data === parity ? data + 1 : data} of ${total}`;
  return {
    version: servers.find(({ version }) => version)?.version ?? "not said",
    drivesOnline: online,
    drivesOffline: drives.length - online,
    healing: drives.filter(({ healing, heal_info }) => healing === true || heal_info?.finished === false).length,
    healed: drives.flatMap(({ endpoint, path, heal_info }) => (heal_info?.finished ? [endpoint ?? path ?? ""] : [])),
    writeQuorum: quorum,
    states: drives.map(
      ({ endpoint, path, state, healing }) => `${endpoint ?? path}: ${state}${healing ? ", healing" : ""}`,
    ),
  };
}

const healStart = z.object({ clientToken: z.string(), clientAddress: z.string().optional() });
const healStatus = z.object({
  Summary: z.string(),
  Detail: z.string().optional(),
  Items: z
    .array(
      z.object({
        bucket: z.string().optional(),
        object: z.string().optional(),
        type: z.string().optional(),
        before: z.object({ drives: z.array(z.object({ state: z.string() })).nullish() }).optional(),
        after: z.object({ drives: z.array(z.object({ state: z.string() })).nullish() }).optional(),
      }),
    )
    .nullish(),
});

const DEEP = 2;

/** Starts a heal of a bucket that reads every byte (only a deep one finds rot). Ask `healProgress` with the token until it is done. */
export async function startDeepHeal(at: Endpoint, bucket: string, credentials: Credentials): Promise<string> {
  const body = JSON.stringify({ recursive: true, dryRun: false, remove: false, recreate: false, scanMode: DEEP });
  const { ok, status, text } = await askSigned(
    at,
    { method: "POST", path: `/minio/admin/v3/heal/${bucket}`, query: "forceStart=true", body },
    credentials,
    30_000,
  );
  if (!ok) throw new Error(`the heal was not started, ${status}: ${text.slice(0, 200)}`);
  return healStart.parse(JSON.parse(text)).clientToken;
}

/** Adds what the server has found since it was asked last; true when it is done. Rejects when the heal failed. */
export async function healProgress(
  at: Endpoint,
  { bucket, token }: { bucket: string; token: string },
  credentials: Credentials,
  sum: { scanned: number; repaired: number; left: number },
): Promise<boolean> {
  const { ok, status, text } = await askSigned(
    at,
    { method: "POST", path: `/minio/admin/v3/heal/${bucket}`, query: `clientToken=${encodeURIComponent(token)}` },
    credentials,
    30_000,
  );
  if (!ok) throw new Error(`the heal does not say how far it is, ${status}: ${text.slice(0, 200)}`);
  const { Summary, Detail, Items } = healStatus.parse(JSON.parse(text));
  for (const { type, before, after } of Items ?? []) {
    if (type !== "object") continue;
    const bad = (drives: typeof before) => (drives?.drives ?? []).some(({ state }) => state !== "ok");
    sum.scanned++;
    if (bad(before) && !bad(after)) sum.repaired++;
    if (bad(after)) sum.left++;
  }
  if (Summary === "stopped") throw new Error(`the heal stopped: ${Detail ?? "without a reason"}`);
  return Summary === "finished";
}
