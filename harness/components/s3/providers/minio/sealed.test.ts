import { createCipheriv, createDecipheriv, pbkdf2Sync } from "node:crypto";
import { expect, it } from "vitest";
import { sealed } from "./sealed.ts";

/** Opens a document as the server does: what the last piece vouches for begins with the tag of a piece of nothing. */
function open(bytes: Uint8Array, secret: string): string {
  const [salt, nonce, rest] = [bytes.subarray(0, 32), bytes.subarray(33, 41), bytes.subarray(41)];
  const key = pbkdf2Sync(secret, salt, 8_192, 32, "sha256");
  const nothing = createCipheriv("aes-256-gcm", key, Buffer.concat([nonce, Buffer.of(0, 0, 0, 0)]));
  nothing.final();
  const last = createDecipheriv("aes-256-gcm", key, Buffer.concat([nonce, Buffer.of(1, 0, 0, 0)]));
  last.setAAD(Buffer.concat([Buffer.of(0x80), nothing.getAuthTag()]));
  last.setAuthTag(rest.subarray(-16));
  return Buffer.concat([last.update(rest.subarray(0, -16)), last.final()]).toString();
}

it("opens with the secret it was sealed with, and with no other", () => {
  const bytes = sealed('{"a":1}', "secret");
  expect(bytes[32]).toBe(2);
  expect(open(bytes, "secret")).toBe('{"a":1}');
  expect(() => open(bytes, "other")).toThrow("authenticate");
  expect(Buffer.from(bytes).toString("latin1")).not.toContain('"a"');
});

it("a document that would need a second piece is refused rather than cut", () => {
  expect(() => sealed("x".repeat(16_385), "secret")).toThrow("does not fit");
});
