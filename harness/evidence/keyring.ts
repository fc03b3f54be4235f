/**
 * Keys with what they may sign, from when until when, and whether they were revoked: the verifier's own list, and never one that came
 * with a pack. A claimed time is the word of whoever signed; a revoked key's word counts for nothing, so what it signed holds only
 * where a time stamp proves that it was signed before.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { KeyObject } from "node:crypto";
import { parse } from "yaml";
import { z } from "zod";
import { messageOf, usage } from "../errors.ts";
import { visible } from "../text.ts";
import { fingerprintOf, readPublicKey } from "./keys.ts";
import { refusal } from "./refusal.ts";

/** drill: intents, reports and selftests. period: period reports. */
const ROLES = ["drill", "period"] as const;
export type KeyRole = (typeof ROLES)[number];

export interface KeyRules {
  readonly name: string;
  readonly roles: readonly KeyRole[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly revoked: { readonly atMs: number; readonly because: string } | null;
}

/** A key of a keyring: itself or its fingerprint, and its rules. */
export interface RuledKey {
  readonly key: KeyObject | string;
  readonly rules: KeyRules;
}

const day = z.iso.date("a day such as 2026-01-31 is expected");
const shape = z.strictObject({
  keys: z
    .array(
      z
        .strictObject({
          name: z.string().min(1).max(100),
          /** A PEM file, relative to the keyring. */
          publicKey: z.string().optional(),
          fingerprint: z
            .string()
            .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case are expected")
            .optional(),
          roles: z.array(z.enum(ROLES)).min(1),
          from: day,
          until: day,
          revoked: z.strictObject({ on: day, because: z.string().min(1).max(500) }).optional(),
        })
        .refine(
          (one) => (one.publicKey === undefined) !== (one.fingerprint === undefined),
          "either publicKey or fingerprint is expected",
        )
        .refine((one) => one.from < one.until, "until must lie after from"),
    )
    .min(1),
});

/** Reads a keyring (YAML). Exit 2 with everything that is wrong with it. */
export function readKeyring(file: string): RuledKey[] {
  const read = shape.safeParse(yamlOf(file));
  if (!read.success) {
    const problems = read.error.issues.map(
      ({ path, message }) => `${path.map(String).join(".") || "keys"}: ${message}`,
    );
    throw usage(
      `The keyring ${visible(file)} cannot be used:\n${problems.map((line) => `  ${visible(line)}`).join("\n")}`,
    );
  }
  const keys = read.data.keys.map(({ name, publicKey, fingerprint, roles, from, until, revoked }): RuledKey => ({
    key: fingerprint ?? keyIn(resolve(dirname(file), publicKey!), file),
    rules: {
      name,
      roles,
      fromMs: Date.parse(from),
      untilMs: Date.parse(until),
      revoked: revoked ? { atMs: Date.parse(revoked.on), because: revoked.because } : null,
    },
  }));
  const prints = keys.map(({ key }) => printOf(key));
  const twice = prints.find((print, i) => prints.indexOf(print) !== i);
  if (twice !== undefined)
    throw usage(`The keyring ${visible(file)} has the key ${twice} twice`, "one entry says all of a key");
  return keys;
}

function yamlOf(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"), { schema: "core", maxAliasCount: 0 });
  } catch (thrown) {
    throw usage(`The keyring ${visible(file)} cannot be read: ${visible(messageOf(thrown))}`);
  }
}

function keyIn(path: string, file: string): KeyObject {
  try {
    return readPublicKey(path);
  } catch (thrown) {
    throw usage(`The keyring ${visible(file)}: ${messageOf(thrown)}`);
  }
}

export const printOf = (key: KeyObject | string): string => (typeof key === "string" ? key : fingerprintOf(key));

/**
 * Whether a key may have signed at a time. `proven` is the time in a token of an authority that holds; without one there is only
 * what the statement claims. Refuses with exit 5.
 */
export function checkRules(
  { name, roles, fromMs, untilMs, revoked }: KeyRules,
  role: KeyRole,
  { claimedMs, provenMs }: { readonly claimedMs: number; readonly provenMs: number | null },
): string {
  const atMs = provenMs ?? claimedMs;
  const when = `${new Date(atMs).toISOString()}${provenMs === null ? ", by its own word" : ", by a time stamp"}`;
  if (!roles.includes(role))
    throw refusal(`the key ${visible(name)} may sign as ${roles.join(", ")}, and this is a ${role}`);
  if (revoked !== null && (provenMs === null || provenMs >= revoked.atMs))
    throw refusal(
      `the key ${visible(name)} was revoked on ${dayOf(revoked.atMs)} (${visible(revoked.because)}), and this was signed ${when}`,
    );
  if (atMs < fromMs || atMs >= untilMs)
    throw refusal(
      `the key ${visible(name)} is valid from ${dayOf(fromMs)} until ${dayOf(untilMs)}, and this was signed ${when}`,
    );
  return `${visible(name)}: ${role}, valid from ${dayOf(fromMs)} until ${dayOf(untilMs)}, signed ${when}`;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
