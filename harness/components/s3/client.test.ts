import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { openClient, patience } from "./client.ts";

/** A machine that was started anew: it knows no connection from before, and resets each that is used a second time. */
async function restartedMachine(): Promise<number> {
  const known = new WeakSet();
  const server = createServer((request, response) => {
    if (known.has(request.socket)) return void request.socket.resetAndDestroy();
    known.add(request.socket);
    response.end("<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function clientOfARestartedMachine() {
  const client = openClient(
    { port: await restartedMachine(), caPem: null },
    { accessKeyId: "someone", secretAccessKey: "something" },
    4,
  );
  onTestFinished(() => client.close());
  const ask = async () => (await client.s3.send(new ListBucketsCommand({}), patience(2_000))).Buckets;
  expect(await ask()).toEqual([]);
  await new Promise(setImmediate); // until the connection is idle
  return { client, ask };
}

test("a connection from before the machine was lost looks open, and fails when it is used", async () => {
  const { ask } = await clientOfARestartedMachine();
  await expect(ask()).rejects.toThrow(/hang up|ECONNRESET/);
});

test("once idle connections are let go the next question gets one of its own", async () => {
  const { client, ask } = await clientOfARestartedMachine();
  client.dropIdle();
  expect(await ask()).toEqual([]);
});
