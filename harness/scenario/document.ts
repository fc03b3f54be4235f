import { type Document, Lexer, LineCounter, parseDocument } from "yaml";
import { visible } from "../text.ts";
import { pathText } from "./path.ts";
import type { Path } from "./path.ts";
import { LIMIT_DEPTH, plainData } from "./plain-data.ts";
import type { Complaint } from "./problem.ts";
import type { Complain } from "./safe-text.ts";

export interface Parsed {
  /** Maps, lists, text, numbers, booleans and null; undefined where something was refused. */
  readonly data: unknown;
  /** What was refused and complained of already. */
  readonly refused: readonly Path[];
  /** Whether the text itself has a value at the path. */
  has(path: Path): boolean;
  /** Line and column of a value, or of its key; of the nearest thing around it where there is none. */
  place(path: Path, at: "key" | "value"): { line: number; column: number };
}

/** One YAML 1.2 document as plain data with positions, or undefined after saying why it cannot be read. */
export function parseYaml(text: string, complain: Complain): Parsed | undefined {
  const deepAt = tooDeep(text);
  if (deepAt !== undefined) {
    const before = text.slice(0, deepAt).split("\n");
    complain(before.length, before.at(-1)!.length + 1, {
      what: "nested too deeply",
      expected: `at most ${LIMIT_DEPTH} levels`,
    });
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    strict: true,
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false, // quadratic; plainData finds duplicates, with their paths
    prettyErrors: false, // would quote the file's raw text
    lineCounter: lines,
  });
  const at = (offset: number): [line: number, column: number] => {
    const { line, col } = lines.linePos(offset);
    return [Math.max(line, 1), Math.max(col, 1)];
  };
  const faults = syntaxFaults(document);
  for (const { offset, complaint } of faults) complain(...at(offset), complaint);
  return faults.length === 0 ? withPlaces(document, at, complain) : undefined;
}

/** Offset at which brackets, or block indicators on one line, nest too deeply. Unlike the parser, the lexer does not recurse. */
function tooDeep(text: string): number | undefined {
  let offset = 0;
  let brackets = 0;
  let indicators = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "\u0002" || token === "\u0018" || token === "\u001f") continue; // the lexer's marks, not of the text
    if (token === "[" || token === "{") brackets++;
    else if (token === "]" || token === "}") brackets--;
    else if (token === "\n" || token === "\r\n") indicators = 0;
    else if (brackets === 0 && (token === "-" || token === "?" || token === ":")) indicators++;
    if (brackets > LIMIT_DEPTH || indicators > LIMIT_DEPTH) return offset;
    offset += token.length;
  }
  return undefined;
}

function syntaxFaults(document: Document.Parsed): { offset: number; complaint: Complaint }[] {
  if (document.directives.yaml.explicit) {
    return [{ offset: 0, complaint: { what: "a %YAML directive", expected: "plain YAML 1.2 without directives" } }];
  }
  const faults = [...document.errors, ...document.warnings]
    .filter(({ code }) => code !== "TAG_RESOLVE_FAILED") // plainData refuses every tag
    .map(({ code, message, pos }) => ({
      offset: pos[0],
      complaint:
        code === "MULTIPLE_DOCS"
          ? { what: "more than one YAML document", expected: "one document a file" }
          : { what: visible(message) },
    }));
  if (faults.length === 0 && document.contents === null) {
    return [{ offset: 0, complaint: { what: "nothing in it", expected: "a map" } }];
  }
  return faults;
}

function withPlaces(document: Document.Parsed, at: (offset: number) => [number, number], complain: Complain): Parsed {
  const { data, offsets, refused } = plainData(document, (offset, path, complaint) =>
    complain(...at(offset), complaint, path),
  );
  return {
    data,
    refused,
    has: (path) => offsets.has(pathText(path)),
    place(path, which) {
      let known = path;
      while (known.length > 0 && !offsets.has(pathText(known))) known = known.slice(0, -1);
      const found = offsets.get(pathText(known)) ?? { key: 0, value: 0 };
      const [line, column] = at(which === "key" && known === path ? found.key : found.value);
      return { line, column };
    },
  };
}
