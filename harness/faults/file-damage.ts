import type { Component } from "../component.ts";
import { defineFault, type Injection } from "../fault.ts";
import type { Node } from "../node.ts";
import { isLocatable, type Location, type PlacedElement, type Where } from "../place.ts";
import { bracket } from "../time.ts";
import { damageParams, damageProblems, type DamageParams, placeOf, type Span, spanOf } from "./damages.ts";
import {
  type FileState,
  find,
  keepCopy,
  type Kept,
  PUT,
  putBack,
  readBytes,
  readState,
  script,
  STATE,
  stateOf,
  stateWords,
} from "./disk-files.ts";
import { requireNode } from "./targets.ts";

/** Bytes on the disk of a node change, or a file goes; the server is not asked. What was there is kept for heal. */
export const fileDamage = defineFault<DamageParams>({
  name: "file-damage",
  summary: "A file on the node's disk is cut, flipped, zeroed, deleted, or gets what stands in another",
  target: "node",
  needs: [],
  params: damageParams,
  async inject(target, wanted, { keep, struck, signal }): Promise<Injection> {
    const node = requireNode(target);
    const [problem] = damageProblems(wanted);
    if (problem) throw new Error(`${problem.what}; ${problem.hint}`);
    const location = await locate(target.component, node, wanted.path, wanted.place, signal);
    const kept = await keepCopy(node, location.path);
    const place = location.to === Infinity ? { ...location, to: kept.before.size } : location;
    const other = await otherOf(target.component, node, wanted, signal);
    if (other?.path === place.path)
      throw new Error(`${place.path} was to change places with itself: name two places, or have more written before`);
    const plan = await planOf(node, place, kept, wanted, other);
    const { value: said, at } = await bracket(() => script(node, `${plan.script}; ${STATE}`, place.path, ...plan.args));
    const words = `${plan.words} of ${place.path}${place.words && ` (${place.words})`}`;
    const files: Changed[] = [{ words, before: kept.before, after: readState(said) }];
    if (other?.kept)
      files.push({ words: other.path, before: other.kept.before, after: await stateOf(node, other.path) });
    const hit = [...hitIn(place, plan.span, wanted), ...(other?.elements ?? [])];
    const known = place.elements.length > 0 || hit.length > 0;
    const proof = [...files.map(changeWords), ...(known ? [`elements in these bytes: ${hit.length}`] : [])].join("; ");
    await keep("damage.txt", `${proof}\n`);
    const beside = besideThem(place, plan.span, hit);
    if (known) {
      struck({ damaged: hit.map(({ op }) => op), beside: beside.map(({ op }) => op) });
      await keep("elements.txt", elementLines(hit, beside));
    }
    return {
      effective: at,
      effect: async () => ({ observed: files.every(({ before, after }) => before.sha256 !== after.sha256), proof }),
      async heal() {
        await putBack(node, kept);
        if (other?.kept) await putBack(node, other.kept);
      },
    };
  },
});

/** A path stands for all of its file, and nobody knows what is in it. */
async function locate(
  component: Component,
  node: Node,
  path: string | undefined,
  place: { what: string; where: Where } | undefined,
  signal: AbortSignal,
): Promise<Location> {
  if (path !== undefined) return { path: await find(node, path), from: 0, to: Infinity, words: "", elements: [] };
  if (!isLocatable(component)) throw new Error(`${component.name} (${component.kind}) knows no places on its disk`);
  return component.locate(node.name, place!.what, place!.where, signal);
}

interface Changed {
  readonly words: string;
  readonly before: FileState;
  readonly after: FileState;
}

const changeWords = ({ words, before, after }: Changed): string =>
  `${words}: ${stateWords(before)} before, ${stateWords(after)} after`;

interface Other {
  readonly path: string;
  /** Only what changes too has to be kept, and only its elements are damaged. */
  readonly kept: Kept | undefined;
  readonly elements: readonly PlacedElement[];
}

async function otherOf(
  component: Component,
  node: Node,
  wanted: DamageParams,
  signal: AbortSignal,
): Promise<Other | undefined> {
  if (wanted.damage !== "replace" && wanted.damage !== "swap") return undefined;
  const { path, elements } = await locate(component, node, wanted.with, wanted.withPlace, signal);
  return wanted.damage === "swap"
    ? { path, kept: await keepCopy(node, path), elements }
    : { path, kept: undefined, elements: [] };
}

interface Planned {
  readonly script: string;
  readonly args: string[];
  readonly words: string;
  readonly span: Span;
}

/** A file that is gone or another takes all of its elements with it. */
const ALL: Span = { from: 0, to: Infinity };

async function planOf(
  node: Node,
  place: Location,
  { before }: Kept,
  wanted: DamageParams,
  other: Other | undefined,
): Promise<Planned> {
  const { damage } = wanted;
  if (damage === "delete") return { script: 'rm -rf "$1/$2"', args: [], words: "deletion", span: ALL };
  if (damage === "replace")
    return {
      script: 'cat "$1/$3" >"$1/$2"',
      args: [other!.path],
      words: `content of ${other!.path} in place`,
      span: ALL,
    };
  if (damage === "swap")
    return {
      script: 'cat "$1/$3" >"$1/$2.swap"; cat "$1/$2" >"$1/$3"; cat "$1/$2.swap" >"$1/$2"; rm "$1/$2.swap"',
      args: [other!.path],
      words: `exchange with ${other!.path}`,
      span: ALL,
    };
  if (damage === "flip") return flip(node, place, before.size, wanted);
  const span = spanOf(wanted, place, before.size);
  const count = span.to - span.from;
  if (damage === "zeros")
    return { script: 'head -c "$3" /dev/zero >>"$1/$2"', args: [`${count}`], words: `${count} zeros at the end`, span };
  if (damage === "truncate" || damage === "empty")
    return {
      script: 'truncate -s "$3" "$1/$2"',
      args: [`${span.from}`],
      words: damage === "empty" ? "emptying" : `${count} bytes off the end`,
      span,
    };
  return {
    script:
      'head -c "$4" /dev/zero | dd of="$1/$2" bs=65536 seek="$3" oflag=seek_bytes conv=notrunc iflag=fullblock 2>/dev/null',
    args: [`${span.from}`, `${count}`],
    words: `zeros over bytes ${span.from} to ${span.to - 1}`,
    span,
  };
}

/** The lowest bit is turned: a letter becomes another letter, and a length, a checksum or a marker a wrong one. */
async function flip(node: Node, place: Location, size: number, wanted: DamageParams): Promise<Planned> {
  const { pattern, plus = 0, bytes = 1 } = wanted;
  const start = spanOf({ ...wanted, bytes: 1 }, place, size).from;
  const found =
    pattern === undefined ? start : placeOf(await readBytes(node, place.path, start, place.to - start), start, pattern);
  const [from, to] = [found + plus, found + plus + bytes];
  if (to > size) throw new Error(`${place.path} ends at byte ${size}, before byte ${to}`);
  const turned = (await readBytes(node, place.path, from, bytes)).map((byte) => byte ^ 1);
  return {
    script: PUT,
    args: [`${from}`, Buffer.from(turned).toString("base64")],
    words: bytes === 1 ? `one bit of byte ${from}` : `one bit each of the ${bytes} bytes from ${from} on`,
    span: { from, to },
  };
}

const elementsIn = ({ elements }: Location, { from, to }: Span): PlacedElement[] =>
  elements.filter((element) => element.from < to && element.to > from);

/** A flip leaves all of a byte but its lowest bit, which lies where the byte begins: see PlacedElement. */
const hitIn = (place: Location, span: Span, { damage }: DamageParams): PlacedElement[] =>
  elementsIn(place, span).filter(
    ({ from, to }) => damage !== "flip" || Math.ceil(Math.max(from, span.from)) < Math.min(to, span.to),
  );

/** What is untouched itself and stands in what is read as one with the damage. */
function besideThem(place: Location, { from, to }: Span, hit: readonly PlacedElement[]): PlacedElement[] {
  const { unit = 1 } = place;
  const around = { from: Math.floor(from / unit) * unit, to: Math.ceil(to / unit) * unit };
  return elementsIn(place, around).filter((element) => !hit.includes(element));
}

/** For whoever counts the loss again with the standard tools. */
const elementLines = (hit: readonly PlacedElement[], beside: readonly PlacedElement[]): string =>
  [...hit.map(({ op }) => `damaged\t${op}\n`), ...beside.map(({ op }) => `beside\t${op}\n`)].join("");
