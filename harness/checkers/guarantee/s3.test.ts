import { expect, it } from "vitest";
import { setFacts } from "../../selftest/edits.ts";
import { drill, type DraftHistory } from "../../selftest/golden.ts";
import { judgeS3 } from "./s3.ts";

type Values = Record<string, string | undefined>;
const judged = (values: Values, after = "primary") => {
  const history = drill({}, (h: DraftHistory) => {
    for (const at of ["steady", "fault"] as const) setFacts(h, at, "db.primary", values);
  });
  const reasons = { holds: [] as string[], permits: [] as string[] };
  judgeS3({ history, store: "db", served: "primary", after }, reasons);
  return reasons;
};

it.each<[string, Values, string]>([
  ["MinIO as it comes", { sync: "MINIO_FS_OSYNC=off" }, "a power cut may take the last acknowledged write"],
  ["a store that never syncs", { sync: "never" }, "never syncs what it acknowledges"],
  ["a store that does not say", {}, "is not recorded"],
])("%s permits loss", (_what, values, said) => {
  const { permits } = judged(values);
  expect(permits.join("\n")).toContain(said);
});

it.each(["MINIO_FS_OSYNC=on", "always"])("%s holds where the same node serves again", (sync) => {
  expect(judged({ sync })).toMatchObject({ permits: [], holds: [expect.stringContaining(sync), expect.anything()] });
});

it.each([
  [undefined, "does not replicate"],
  ["async", "is asynchronous"],
  ["sync", "acknowledges without standby when it is away"],
])("another site after replication %s: no rule guarantees it", (replication, said) => {
  expect(judged({ sync: "always", replication }, "standby").permits.join("\n")).toContain(said);
});
