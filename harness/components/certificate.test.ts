import { randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { serverCertificate } from "./certificate.ts";

vi.mock(import("node:crypto"), async (original) => {
  const real = await original();
  return { ...real, randomBytes: vi.fn<(size: number) => Buffer>(real.randomBytes) as never };
});

/** A server that shows the certificate; a GET of it, trusting one authority alone. */
async function answerTo(trusted: string | undefined, shown: { certPem: string; keyPem: string }): Promise<number> {
  const server = createServer({ cert: shown.certPem, key: shown.keyPem }, (socket) =>
    socket.end("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
  );
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) =>
    get({ host: "127.0.0.1", port, agent: false, ...(trusted && { ca: trusted }) }, ({ statusCode }) =>
      resolve(statusCode ?? 0),
    ).once("error", reject),
  );
}

test("who trusts the authority alone is answered, and nobody else is", async () => {
  const shown = await serverCertificate("store", ["127.0.0.1", "172.20.0.10"]);
  const other = await serverCertificate("store", ["127.0.0.1"]);
  await expect(answerTo(shown.caPem, shown)).resolves.toBe(204);
  await expect(answerTo(undefined, shown)).rejects.toThrow("unable to verify the first certificate");
  await expect(answerTo(other.caPem, shown)).rejects.toThrow(/certificate/);
});

test("it is good for its addresses and names, and for no other", async () => {
  const shown = await serverCertificate("store", ["172.20.0.10", "store.server"]);
  const certificate = new X509Certificate(shown.certPem);
  expect(certificate.checkIP("172.20.0.10")).toBe("172.20.0.10");
  expect(certificate.checkHost("store.server")).toBe("store.server");
  expect(certificate.checkIP("127.0.0.1")).toBeUndefined();
  await expect(answerTo(shown.caPem, shown)).rejects.toThrow("does not match certificate's altnames");
});

test("it is signed by the authority, which may sign others while it may not, and holds for now", async () => {
  const { certPem, caPem, keyPem } = await serverCertificate("store", ["127.0.0.1"]);
  const [certificate, authority] = [new X509Certificate(certPem), new X509Certificate(caPem)];
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect([authority.ca, certificate.ca]).toEqual([true, false]);
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
  expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now() + 24 * 3_600_000);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  for (const text of [certPem, caPem, keyPem]) expect(text).not.toContain("\r");
});

test.each([
  ["0000", "40"],
  ["0001", "40"],
  ["0080", "40"],
  ["8000", "40"],
  ["ffff", "7f"],
])("a serial number of %s... is one that OpenSSL takes", async (start, first) => {
  const random = vi.mocked(randomBytes as (size: number) => Buffer);
  random.mockImplementation((size) => Buffer.concat([Buffer.from(start, "hex"), Buffer.alloc(size - 2, 1)]));
  onTestFinished(() => void random.mockReset());
  const shown = await serverCertificate("store", ["127.0.0.1"]);
  for (const text of [shown.certPem, shown.caPem])
    expect(new X509Certificate(text).serialNumber).toBe(`${first}${start.slice(2)}${"01".repeat(14)}`.toUpperCase());
  await expect(answerTo(shown.caPem, shown)).resolves.toBe(204);
});
