import { hash } from "node:crypto";
import type { WriteRequest } from "../component.ts";

/** Every store that keeps balances is seeded with these, so that transfers have a sum to keep. */
export const ACCOUNTS = 1_000;
export const INITIAL_BALANCE = 1_000_000;

/** Hash of everything that a write puts into the store. Made by the client before it is sent, and again from what was read back. */
export function contentSha256({ op, payload, transfer }: Pick<WriteRequest, "op" | "payload" | "transfer">): string {
  const moved = transfer ? `${transfer.from}\n${transfer.to}\n${transfer.amount}` : "-";
  return hash("sha256", `${op}\n${payload}\n${moved}`);
}

/** The n-th write of a workload. Everything in it follows from the seed, so that a run can be repeated write for write. */
export function makeRequest(options: {
  workload: string;
  seed: number;
  seq: number;
  transfers: number;
  payloadBytes?: number;
  oneKey?: true;
}): WriteRequest {
  const op = `${options.workload}-${options.seq}`;
  const dice = hash("sha256", `${options.seed}:${op}`, "buffer");
  const fraction = dice.readUInt32BE(0) / 2 ** 32;
  const from = dice.readUInt32BE(4) % ACCOUNTS;
  const to = (from + 1 + (dice.readUInt32BE(8) % (ACCOUNTS - 1))) % ACCOUNTS;
  const transfer = fraction < options.transfers ? { from, to, amount: 1 + (dice.readUInt32BE(12) % 100) } : null;
  const text = dice.toString("base64");
  const { payloadBytes = text.length, oneKey } = options;
  const payload = text.repeat(Math.ceil(payloadBytes / text.length)).slice(0, payloadBytes);
  const sha256 = contentSha256({ op, payload, transfer });
  return { op, payload, transfer, sha256, ...(oneKey && { element: `${options.workload}-one` }) };
}
