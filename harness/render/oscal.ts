/**
 * views/oscal.json: OSCAL assessment results (NIST, release 1.2) for the clauses of NIST SP 800-53 that the scenario names, as far as
 * controls.csv lets the drill be evidence for them. Every clause is an observation. Only two things become a finding, which has no
 * middle: what the drill shows directly, and a miss of what it could have shown directly.
 */
import { createHash } from "node:crypto";
import { clauses, type ControlRow, controlRows } from "../controls.ts";
import type { Report } from "../report.ts";
import { EXIT } from "../verdict.ts";
import { shown } from "./escape.ts";
import { safeJson } from "./json.ts";

const NAMES = "https://blackstart.dev/ns/oscal";
/** The name space of UUIDs by URL (RFC 9562, 6.6). */
const BY_URL = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
const NO_ADVICE =
  "Engineering input for the compliance team, not legal advice: what one drill showed, from a map of clauses to evidence. Whether a control is implemented is for the assessor to say.";

/** null where the scenario names no clause of NIST SP 800-53, or the record does not say when the drill began and ended. */
export function renderOscal(report: Report): string | null {
  const rows = controlRows(report).filter((row) => idsOf(row).length > 0);
  if (rows.length === 0 || ![report.startedAt, report.endedAt].every(isInstant)) return null;
  const id = (path: string): string => uuidV5(BY_URL, `${NAMES}/${report.run}/${path}`);
  const document = {
    "assessment-results": {
      uuid: id("document"),
      metadata: {
        title: markdown(`Disaster-recovery drill ${report.run}`),
        "last-modified": report.endedAt,
        version: plain(report.run),
        "oscal-version": "1.2.1",
        remarks: NO_ADVICE,
      },
      "import-ap": { href: `#${id("plan")}`, remarks: "The plan of the drill; it is no OSCAL assessment plan." },
      results: [resultOf(report, rows, id)],
      "back-matter": {
        resources: [
          resource(id("plan"), "The plan, signed before anything was broken", "../raw/plan.json"),
          resource(
            id("report"),
            "The signed report: a Sigstore bundle around an in-toto statement",
            "../report.sigstore.json",
          ),
        ],
      },
    },
  };
  return `${safeJson(document)}\n`;
}

type Id = (path: string) => string;

function resultOf(report: Report, rows: readonly ControlRow[], id: Id): object {
  const findings = rows.flatMap((row) => findingsOf(row, report, id));
  return {
    uuid: id("result"),
    title: markdown(report.title),
    description: markdown(report.sentence),
    start: report.startedAt,
    end: report.endedAt,
    props: [
      prop("run", report.run),
      prop("scenario", report.scenario),
      prop("verdict", report.verdict),
      prop("exit-code", String(report.exitCode)),
      prop("evidence-class", report.class),
      prop("environment", report.host.environmentKind),
    ],
    "reviewed-controls": {
      "control-selections": [
        {
          description: "Clauses of NIST SP 800-53 r5 that the scenario names.",
          "include-controls": [...new Set(rows.flatMap(idsOf))].map((control) => ({ "control-id": control })),
        },
      ],
    },
    observations: rows.map((row) => observationOf(row, report, id)),
    ...(findings.length > 0 && { findings }),
    remarks: NO_ADVICE,
  };
}

const observationOf = (row: ControlRow, report: Report, id: Id): object => ({
  uuid: id(`observations/${row.control}`),
  title: row.clause,
  description: `Asked for: ${row.asks}. What the drill has for it: ${row.shows}.`,
  props: [prop("grade", row.grade), ...(row.because === "" ? [] : [prop("because", row.because)])],
  methods: ["TEST"],
  types: ["control-objective"],
  "relevant-evidence": [
    { href: `#${id("report")}`, description: "The signed report, with the digest of every file of the pack." },
    { href: "report.html", description: "The same for people." },
  ],
  collected: report.endedAt,
});

const findingsOf = (row: ControlRow, report: Report, id: Id): object[] => {
  const state = stateOf(row, report);
  if (state === null) return [];
  return idsOf(row).map((control) => ({
    uuid: id(`findings/${row.control}/${control}`),
    title: row.clause,
    description: `${row.asks}: the drill ended ${report.verdict}, in the environment ${report.host.environmentKind}, as ${report.class} evidence.`,
    target: {
      type: "statement-id",
      "target-id": `${control}_smt`,
      status: { state, reason: state === "satisfied" ? "pass" : "fail", remarks: `By this drill alone. ${NO_ADVICE}` },
    },
    "related-observations": [{ "observation-uuid": id(`observations/${row.control}`) }],
  }));
};

function stateOf({ control, grade }: ControlRow, { verdict, exitCode }: Report): "satisfied" | "not-satisfied" | null {
  if (grade === "direct") return "satisfied";
  const missed = verdict === "fail" && exitCode === EXIT.missed;
  return missed && clauses.get(control)?.grade === "direct" ? "not-satisfied" : null;
}

/** As NIST's catalogue names them: `CP-9(1) and CP-9(2)` is cp-9.1 and cp-9.2. */
const idsOf = ({ control, clause }: ControlRow): string[] =>
  control.startsWith("nist-800-53/")
    ? [...clause.matchAll(/([A-Z]{2})-(\d+)(?:\((\d+)\))?/g)].map(
        ([, family, number, part]) => `${family!.toLowerCase()}-${number}${part === undefined ? "" : `.${part}`}`,
      )
    : [];

const resource = (uuid: string, title: string, href: string): object => ({ uuid, title, rlinks: [{ href }] });
const prop = (name: string, value: string): object => ({ name, ns: NAMES, value: plain(value) });
const isInstant = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);

/** A string of OSCAL's: not empty, one line, no space around it. */
const plain = (text: string): string => shown(text).trim() || "none";
/** OSCAL's texts are Markdown; what others wrote stays the letters that it is. */
const markdown = (text: string): string => plain(text).replace(/[\\`*_~^$[\]{}<>&!#|]/g, "\\$&");

/** A UUID that a name decides (RFC 9562, 5.5). */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
