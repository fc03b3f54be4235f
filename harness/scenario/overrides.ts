import { parseYaml } from "./document.ts";
import { isMapping, parsePath, type Path, pathText } from "./path.ts";
import { type Complaint, shown } from "./problem.ts";
import { safeText } from "./safe-text.ts";

export interface Override {
  /** As given: `path=value`. */
  readonly text: string;
  readonly path: Path;
}

/** `path=value`; the path may hold quoted parts, and an equals sign within them. */
const FORM = /^((?:[^="]|"(?:[^"\\]|\\.)*")+)=(.*)$/s;
const EXAMPLE = "path=value, such as workload[0].rate=500/s";

/** Applies one `--set` to a document's data, in place. The value is YAML, so a list or a map can be set too. */
export function applyOverride(
  data: unknown,
  text: string,
  complain: (path: Path, complaint: Complaint) => undefined,
): Override | undefined {
  const [, pathPart = "", valuePart = ""] = FORM.exec(text) ?? [];
  const path = parsePath(pathPart);
  if (!path) return complain([], { what: "no path to set", expected: EXAMPLE });
  let sound = true;
  const unsound = (_line: number, _column: number, complaint: Complaint) => {
    sound = false;
    complain(path, complaint);
  };
  const value = safeText(Buffer.from(valuePart), unsound);
  const parsed = value === undefined ? undefined : parseYaml(value, unsound);
  if (!parsed || !sound) return undefined;
  const holder = holderOf(data, path, complain);
  if (!holder) return undefined;
  put(holder, path.at(-1)!, parsed.data);
  return { text, path };
}

type Holder = Record<string, unknown> | unknown[];

/** The map or list that holds the last part of the path. Maps on the way are made, items of lists are not. */
function holderOf(
  data: unknown,
  path: Path,
  complain: (path: Path, complaint: Complaint) => undefined,
): Holder | undefined {
  let holder = data;
  for (const [i, part] of path.entries()) {
    const here = path.slice(0, i);
    if (typeof part === "number" ? !Array.isArray(holder) : !isMapping(holder)) {
      const expected = typeof part === "number" ? "a list there" : "a map there";
      return complain(path, {
        what: i === 0 ? "the file has no map" : pathText(here),
        found: shown(holder),
        expected,
      });
    }
    if (typeof part === "number" && part >= (holder as unknown[]).length) {
      const last = (holder as unknown[]).length - 1;
      return complain(path, {
        what: `there is no ${pathText(path.slice(0, i + 1))}`,
        expected: `an index from 0 to ${last}`,
      });
    }
    if (i === path.length - 1) break;
    if (!Object.hasOwn(holder as object, part)) put(holder as Holder, part, {});
    holder = (holder as Record<string | number, unknown>)[part];
  }
  return holder as Holder;
}

/** Never an assignment: that would change the prototype for a key named __proto__. */
const put = (holder: Holder, key: string | number, value: unknown): void =>
  void Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
