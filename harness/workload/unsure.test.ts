import { expect, it } from "vitest";
import { makeRequest } from "./content.ts";
import { newLog, plannedOrders } from "./testing.ts";
import { unsureOf } from "./unsure.ts";

it("is what was sent and never answered, as it was sent", () => {
  const { log } = newLog();
  const workload = plannedOrders(["db", "cache"], { transfers: 0.5 });
  const requests = [0, 1, 2, 3].map((seq) => makeRequest({ workload: "orders", seed: 7, seq, transfers: 0.5 }));
  const due = requests.flatMap((request, seq) =>
    ["db", "cache"].map((store) => ({ request, store, workload: "orders", seq, dueNs: 0n })),
  );
  const logged = log.record(due);
  log.end(logged[0]!, { outcome: "ok", node: null, lineage: null, position: null }, 1n);
  log.end(logged[2]!, { outcome: "info", error: "no answer" }, 1n);
  log.end(logged[3]!, { outcome: "info", error: "no answer" }, 1n);
  log.end(logged[4]!, { outcome: "fail", error: "refused" }, 1n); // 6 and 7 are still under way
  expect(unsureOf([workload], 7, log.operations, "db")).toEqual([requests[1]]);
  expect(unsureOf([workload], 7, log.operations, "cache")).toEqual([requests[1]]);
  expect(() => unsureOf([workload], 8, log.operations, "db")).toThrow("cannot be made again");
});
