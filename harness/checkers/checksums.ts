import type { Checker } from "../checker.ts";
import { counted } from "../text.ts";
import { judgeServing } from "./facts-after.ts";

export const checksums: Checker = {
  name: "checksums",
  summary: "Data checksums are on and the server has counted no failure",
  always: false,
  check: (history) =>
    judgeServing("checksums", history, ({ data_checksums: on, checksum_failures: failures }, node) => {
      if (on === undefined || failures === undefined)
        return {
          verdict: "unknown",
          detail: `${node} did not say ${on === undefined ? "whether data checksums are on" : "how many checksums failed"}`,
        };
      if (on !== "on")
        return { verdict: "fail", detail: `data checksums are ${on} on ${node}: corruption would be read as data` };
      if (failures !== "0")
        return { verdict: "fail", detail: `${node} has counted ${counted(Number(failures), "checksum failure")}` };
      return { verdict: "pass", detail: `${node}: data checksums are on and none has failed` };
    }),
};
