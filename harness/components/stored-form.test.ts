import { expect, it } from "vitest";
import { cacheKey, objectKey } from "../../fixtures/workloads/order-service/stored-form.ts";
import { standing } from "../../fixtures/workloads/order-service/cache.ts";
import { keyOf as entryKey } from "./redis/keys.ts";
import { parseInfo } from "./redis/info.ts";
import { nodeOf } from "./redis/session.ts";
import { keyOf as objectKeyOf } from "./s3/client.ts";

it("puts an order where the harness looks for it", () => {
  expect(cacheKey("users-7")).toBe(entryKey("users-7"));
  expect(objectKey("users-7")).toBe(objectKeyOf("users-7"));
});

it("reads of a server what the harness reads of it", () => {
  const said =
    "# Server\r\nredis_version:8.0.2\r\nconfig_file:/blackstart/disk/data/primary.conf\r\n# Replication\r\nrole:master\r\nmaster_replid:8f3a\r\nmaster_repl_offset:4711\r\n";
  const info = parseInfo(said);
  expect(standing(said)).toEqual({
    node: nodeOf(info),
    replid: info.get("master_replid"),
    offset: info.get("master_repl_offset"),
  });
  expect(standing("")).toEqual({ node: null, replid: null, offset: null });
});
