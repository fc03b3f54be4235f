import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { clauses, controlRows } from "../controls.ts";
import type { Report } from "../report.ts";
import { EXIT } from "../verdict.ts";
import { renderOscal, uuidV5 } from "./oscal.ts";
import { hostile, inconclusive, lossyControl, luckyPass, report } from "./testing.ts";

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
const schema = new URL("../../fixtures/oscal/oscal_assessment-results_schema.json", import.meta.url);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")) as object);

const NIST = [...clauses.keys()].filter((control) => control.startsWith("nist-800-53/"));
const attested = (changes: Partial<Report> = {}): Partial<Report> => ({
  class: "attested",
  classReasons: [],
  controls: ["adr-004/rpo", "nist-800-53/CP-9", "nist-800-53/CP-10", "nist-800-53/SI-7"],
  ...changes,
});

interface Finding {
  readonly target: { readonly "target-id": string; readonly status: { readonly state: string } };
  readonly "related-observations": readonly { readonly "observation-uuid": string }[];
}
interface Observation {
  readonly uuid: string;
  readonly title: string;
  readonly props: readonly { readonly name: string; readonly value: string }[];
}
interface Document {
  readonly metadata: { readonly remarks: string };
  readonly results: [
    {
      readonly title: string;
      readonly description: string;
      readonly remarks: string;
      readonly "reviewed-controls": {
        readonly "control-selections": [{ readonly "include-controls": readonly { readonly "control-id": string }[] }];
      };
      readonly observations: readonly Observation[];
      readonly findings?: readonly Finding[];
    },
  ];
}
/** The document, which NIST's schema accepts. */
function oscal(of: Report): Document {
  const document = JSON.parse(renderOscal(of)!) as { "assessment-results": Document };
  validate(document);
  expect(validate.errors).toBeNull();
  return document["assessment-results"];
}
const findings = (of: Report): string[] =>
  (oscal(of).results[0].findings ?? []).map(({ target }) => `${target["target-id"]} ${target.status.state}`);

describe("OSCAL assessment results", () => {
  test.each<[string, Report]>([
    ["a pass", report(attested())],
    ["a development pass", report({ controls: NIST })],
    ["every clause of the map", report(attested({ controls: NIST }))],
    ["a lucky pass", luckyPass(attested({ luckyPass: true }))],
    ["a lossy control", lossyControl(attested())],
    ["an inconclusive drill", inconclusive(attested())],
    ["texts that others wrote", { ...hostile(), controls: NIST }],
    ["texts that are empty", report(attested({ title: " ", sentence: "", scenario: "" }))],
  ])("%s is what NIST's schema accepts, with the observations of controls.csv", (_what, judged) => {
    const { results, metadata } = oscal(judged);
    const rows = controlRows(judged).filter(({ control }) => NIST.includes(control));
    expect(results[0].observations.map(({ title, props }) => [title, props[0]])).toEqual(
      rows.map(({ clause, grade }) => [clause, expect.objectContaining({ name: "grade", value: grade })]),
    );
    for (const remarks of [metadata.remarks, results[0].remarks]) expect(remarks).toContain("not legal advice");
  });

  test("the schema is no rubber stamp", () => {
    const document = JSON.parse(renderOscal(report(attested()))!) as { "assessment-results": Record<string, unknown> };
    delete document["assessment-results"]["import-ap"];
    expect(validate(document)).toBe(false);
  });

  test("names controls as NIST's catalogue does, each once", () => {
    const controls = [...NIST, "nist-800-53/CP-9", "nist-800-53/none"];
    const [selection] = oscal(report(attested({ controls }))).results[0]["reviewed-controls"]["control-selections"];
    expect(selection["include-controls"].map((one) => one["control-id"])).toEqual([
      "cp-4",
      "cp-6",
      "cp-7",
      "cp-9.1",
      "cp-9.2",
      "cp-10.2",
      "cp-10.4",
      "si-7",
      "au-9",
      "au-10",
    ]);
  });

  test("finds satisfied what is shown directly: a clause about time only outside of a container lab", () => {
    expect(findings(report(attested()))).toEqual(["cp-9.1_smt satisfied", "cp-9.2_smt satisfied"]);
    const staging = { ...report().host, environmentKind: "staging" } as const;
    expect(findings(report(attested({ host: staging })))).toHaveLength(4);
  });

  test("finds not satisfied what was missed, and nothing where the drill says nothing", () => {
    const missed = report(attested({ class: "development", verdict: "fail", exitCode: EXIT.missed }));
    expect(findings(missed)).toEqual(["cp-9.1", "cp-9.2", "cp-10.2", "cp-10.4"].map((id) => `${id}_smt not-satisfied`));
    for (const silent of [report({ controls: NIST }), lossyControl(attested()), inconclusive(attested())])
      expect(findings(silent)).toEqual([]);
  });

  test("every finding rests on an observation of the same document", () => {
    const [result] = oscal(report(attested())).results;
    const known = result.observations.map(({ uuid }) => uuid);
    for (const finding of result.findings!)
      expect(known).toContain(finding["related-observations"][0]!["observation-uuid"]);
  });

  test("no UUID stands for two things, and another run has others", () => {
    const uuids = (of: Report): string[] =>
      [...renderOscal(of)!.matchAll(/"uuid": "([^"]+)"/g)].map(([, uuid]) => uuid!);
    const [one, other] = [uuids(report(attested())), uuids(report(attested({ run: "another" })))];
    expect(new Set([...one, ...other]).size).toBe(one.length + other.length);
  });

  test("is none without a clause of NIST SP 800-53, or without an instant to begin and end at", () => {
    expect(renderOscal(report(attested({ controls: ["dora/12.2"] })))).toBeNull();
    expect(renderOscal(report(attested({ startedAt: "" })))).toBeNull();
  });

  test("what others wrote is no markup", () => {
    const { title, description } = oscal({ ...hostile(), controls: NIST }).results[0];
    for (const text of [title, description]) expect(text).not.toMatch(/(?<!\\)[<>[*_]/);
  });
});

test("a UUID by name is the one of RFC 9562", () => {
  expect(uuidV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com")).toBe(
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
  );
});
