import type { Checker } from "../checker.ts";
import { judgeServing } from "./facts-after.ts";

export const amcheck: Checker = {
  name: "amcheck",
  summary: "pg_amcheck finds every index in agreement with its table",
  always: false,
  check: (history) =>
    judgeServing("amcheck", history, (values, node) => {
      const code = values["amcheck.exit"];
      const said = (values["amcheck.output"] ?? "").trim().split("\n")[0];
      const words = said ? `: ${said}` : "";
      if (code === undefined) return { verdict: "unknown", detail: `pg_amcheck was not run on ${node}${words}` };
      if (code === "0") return { verdict: "pass", detail: `${node}: pg_amcheck reports nothing` };
      // 2 is "corruption found"; anything else means that it did not look (PostgreSQL manual, pg_amcheck; 126 and 127 are the shell's).
      const found = code === "2";
      return { verdict: found ? "fail" : "unknown", detail: `pg_amcheck exited ${code} on ${node}${words}` };
    }),
};
