import { existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { usage } from "../errors.ts";
import { visible } from "../text.ts";

/** A file inside a pack would be one that nobody signed, or the end of one that somebody did. Links are followed first. */
export function outsideOf(packs: readonly string[], file: string): string {
  const target = targetOf(file);
  if (packs.some((pack) => `${target}${sep}`.startsWith(`${pack}${sep}`)))
    throw usage(`${visible(file)} lies inside the pack, which is sealed.`, "Name a place outside it.");
  return target;
}

function targetOf(file: string): string {
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) throw usage(`${visible(folder)} does not exist, so nothing can be written there.`);
  if (!lstatSync(file, { throwIfNoEntry: false })) return join(realpathSync(folder), basename(file));
  // Writing through such a link makes the file that it names, wherever that is.
  if (!existsSync(file)) throw usage(`${visible(file)} is a link to a file that does not exist.`);
  if (statSync(file).isDirectory()) throw usage(`${visible(file)} is a folder.`, "Name a file in it.");
  return realpathSync(file);
}
