import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted, grouped } from "../text.ts";
import { judgeServing } from "./facts-after.ts";
import type { Judged } from "./findings.ts";

type Values = Readonly<Record<string, string>>;

/** As the store that served before the fault had it, after it was loaded and before anybody wrote. */
const loadedInto = (history: History, node: string): Values | undefined =>
  history.facts.find(
    ({ at, component, values }) =>
      at === "steady" && component === node.split(".")[0] && values["timescale.rows"] !== undefined,
  )?.values;

/** A count is no proof: without its library a server counts and reads a hypertable, and ends the session that writes to it. */
function judge(before: Values | undefined, after: Values, node: string): Judged {
  const found = [content(before, after, node), write(after, node)];
  const rank = (["fail", "unknown", "pass"] as const).find((verdict) => found.some((f) => f.verdict === verdict))!;
  return { verdict: rank, detail: found.map(({ detail }) => detail).join("; ") };
}

function content(before: Values | undefined, after: Values, node: string): Judged {
  if (!before) return { verdict: "unknown", detail: `nothing is recorded of the hypertable before the fault` };
  const refused = after["timescale.refused"];
  if (refused !== undefined)
    return { verdict: "fail", detail: `the hypertable cannot be read on ${node}: ${firstLine(refused)}` };
  const [chunks, rows] = [after["timescale.chunks"], after["timescale.rows"]];
  if (chunks === undefined || rows === undefined) {
    const why = after["timescale.unread"];
    return {
      verdict: "unknown",
      detail: `${node} did not say what is in the hypertable${why ? `: ${firstLine(why)}` : ""}`,
    };
  }
  const [chunksBefore, rowsBefore] = [before["timescale.chunks"], before["timescale.rows"]];
  const there = `${grouped(Number(chunks))} of ${counted(Number(chunksBefore), "chunk")} and ${grouped(Number(rows))} of ${counted(Number(rowsBefore), "row")} are on ${node}`;
  if (chunks !== chunksBefore || rows !== rowsBefore) return { verdict: "fail", detail: there };
  const [digest, digestBefore] = [after["timescale.digest"], before["timescale.digest"]];
  if (!digest || !digestBefore)
    return { verdict: "unknown", detail: `${there}; whether with the same content is not known` };
  if (digest !== digestBefore) return { verdict: "fail", detail: `${there}, and their content is another` };
  const { verdict, detail } = compression(before["timescale.compression"], after["timescale.compression"]);
  return { verdict, detail: `${there}, with the same content; ${detail}` };
}

/** A server on which the library is not loaded cannot say. */
function compression(before: string | undefined, after: string | undefined): Judged {
  if (after === undefined || before === undefined)
    return { verdict: "unknown", detail: `compression was ${before ?? NOT_KNOWN}, and is ${after ?? NOT_KNOWN}` };
  return after === before
    ? { verdict: "pass", detail: `compression: ${after}` }
    : { verdict: "fail", detail: `compression was ${before}, and is ${after}` };
}

const NOT_KNOWN = "not known";

function write(after: Values, node: string): Judged {
  const written = after["timescale.write"];
  if (written === "ok") return { verdict: "pass", detail: "it takes rows, in a chunk that was there and in a new one" };
  if (written !== undefined)
    return { verdict: "fail", detail: `a write to it fails on ${node}: ${firstLine(written)}` };
  const why = after["timescale.unwritten"];
  return { verdict: "unknown", detail: `nobody wrote to it on ${node}${why ? `: ${firstLine(why)}` : ""}` };
}

const firstLine = (text: string): string => text.split("\n")[0]!;

export const hypertable: Checker = {
  name: "hypertable",
  summary: "The hypertable has the chunks, rows and content that were loaded, and takes a write",
  always: false,
  requires: "hypertable",
  check: (history) =>
    judgeServing("hypertable", history, (values, node) => judge(loadedInto(history, node), values, node), "hypertable"),
};
