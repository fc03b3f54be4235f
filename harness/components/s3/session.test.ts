import { S3ServiceException } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { outcomeOf } from "./session.ts";
import { minio } from "./providers/minio.ts";
import { versitygw } from "./providers/versitygw.ts";

const answer = (httpStatusCode: number, name: string) =>
  new S3ServiceException({ name, $fault: "server", $metadata: { httpStatusCode } });

it.each<[string, unknown, readonly string[], "fail" | "info"]>([
  ["a quorum that MinIO could not get", answer(503, "SlowDownWrite"), minio.refusals, "fail"],
  ["the same words from a store of which nothing is known", answer(503, "SlowDownWrite"), versitygw.refusals, "info"],
  ["a store that is not up yet", answer(503, "XMinioServerNotInitialized"), minio.refusals, "fail"],
  ["any other 503", answer(503, "ServiceUnavailable"), minio.refusals, "info"],
  ["an error inside the store", answer(500, "InternalError"), minio.refusals, "info"],
  ["a full disk, after which parts may be there", answer(507, "XMinioStorageFull"), minio.refusals, "info"],
  ["no right to write", answer(403, "AccessDenied"), [], "fail"],
  ["no such bucket", answer(404, "NoSuchBucket"), [], "fail"],
  ["a body that did not come in full", answer(400, "IncompleteBody"), [], "info"],
  ["a body that did not come in time", answer(400, "RequestTimeout"), [], "info"],
  ["a reset", Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }), minio.refusals, "info"],
  ["no answer in time", new Error("Request aborted"), minio.refusals, "info"],
])("%s", (_what, thrown, refusals, outcome) => {
  expect(outcomeOf(thrown, refusals)).toBe(outcome);
});
