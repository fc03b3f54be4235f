import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { HostFacts } from "../history.ts";
import { packFiles, sha256, sha256File } from "./files.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** What decides a verdict or an image. A user's own scenario does not: its digest stands in the intent. */
const DECIDES = ["harness", "fixtures", "package.json", "package-lock.json"];

/** Which evaluator this is: one digest over its sources, and whether they are as committed (null where there is no git to ask). */
export const evaluatorFacts = (root = ROOT): Pick<HostFacts, "evaluatorSha256" | "dirty"> => ({
  evaluatorSha256: evaluatorDigest(root),
  dirty: isDirty(root),
});

/** SHA-256 over the sorted sha256sum lines of harness/ without its tests: `find harness -type f ! -name '*.test.ts' | LC_ALL=C sort | xargs sha256sum | sha256sum`. */
export function evaluatorDigest(root = ROOT): string {
  const names = packFiles(join(root, "harness")).files.filter((name) => !name.endsWith(".test.ts"));
  const lines = names.map((name) => `${sha256File(join(root, "harness", name), name)}  harness/${name}\n`);
  return sha256(lines.join(""));
}

function isDirty(root: string): boolean | null {
  try {
    // Sources that git does not track are never "as committed", even where an outer repository ignores them.
    git(root, "ls-files", "--error-unmatch", "harness/evidence.ts");
    return git(root, "status", "--porcelain", "--", ...DECIDES) !== "";
  } catch {
    return null;
  }
}

const git = (root: string, ...args: string[]): string =>
  execFileSync("git", ["-C", root, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 10_000,
  });
