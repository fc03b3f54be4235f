import { createHash } from "node:crypto";
import { parseYaml, type Parsed } from "./document.ts";
import { applyOverride } from "./overrides.ts";
import { type Path, startsWith } from "./path.ts";
import type { Complaint, Place, Problem } from "./problem.ts";
import { type Complain, safeText } from "./safe-text.ts";

/** A YAML file as plain data that knows where each value stands. Its problems collect in it until somebody asks. */
export interface Source {
  readonly file: string;
  readonly sha256: string;
  readonly data: unknown;
  readonly problems: Problem[];
  /** Says what is wrong at a path; silent where something was refused already, so that one mistake gives one problem. */
  complain(path: Path, complaint: Complaint, at?: "key" | "value"): undefined;
}

/** Reads text that others wrote. `overrides` are `path=value`, and are themselves the place of what is wrong with them. */
export function readSource(file: string, bytes: Buffer, overrides: readonly string[] = []): Source {
  const problems: Problem[] = [];
  const add = (place: Place, path: Path, complaint: Complaint): undefined =>
    void problems.push({ place, path, ...complaint });

  const complainAt: Complain = (line, column, complaint, path = []) => add({ file, line, column }, path, complaint);
  const text = safeText(bytes, complainAt);
  const parsed = (text === undefined ? undefined : parseYaml(text, complainAt)) ?? UNREADABLE;
  const applied =
    parsed === UNREADABLE
      ? []
      : overrides
          .map((override) =>
            applyOverride(parsed.data, override, (path, complaint) => add({ file, override }, path, complaint)),
          )
          .filter((override) => override !== undefined);

  return {
    file,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    data: parsed.data,
    problems,
    complain(path, complaint, at = "value") {
      if (parsed.refused.some((refused) => startsWith(path, refused))) return undefined;
      const by = applied.findLast(
        (override) => startsWith(path, override.path) || (startsWith(override.path, path) && !parsed.has(path)),
      );
      return add(by ? { file, override: by.text } : { file, ...parsed.place(path, at) }, path, complaint);
    },
  };
}

/** What could not be read at all has nothing more to complain of. */
const UNREADABLE: Parsed = { data: undefined, refused: [[]], has: () => false, place: () => ({ line: 1, column: 1 }) };
