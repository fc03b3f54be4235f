import { z } from "zod";
import { WHERES, type Location } from "../place.ts";

/** Kinds of damage to a file, and what each makes of its bytes. */
const DAMAGES = ["truncate", "flip", "zeros", "zero-range", "zero-tail", "empty", "delete", "replace", "swap"] as const;
type Damage = (typeof DAMAGES)[number];

const pathOnDisk = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9_.*][A-Za-z0-9_./*-]*$/, {
  error: "expected a path relative to the node's disk; * stands for any letters, and .. is not allowed",
});

const place = z.strictObject({
  what: z.string().min(1).meta({ description: "A word that the component knows" }),
  where: z.enum(WHERES).default("middle").meta({ description: "Which of several" }),
});

export const damageParams = z.strictObject({
  path: pathOnDisk
    .optional()
    .meta({ description: "File on the node's disk, relative to it; a pattern must match exactly one" }),
  place: place.optional().meta({ description: "Instead of path: something that the component finds on its disk" }),
  damage: z.enum(DAMAGES).meta({
    description:
      "truncate: cut off; flip: turn one bit of each byte; zeros: append; zero-range, zero-tail: zeros over bytes, or over all from some byte on; empty: cut to nothing; replace: by another file; swap: with another file",
  }),
  bytes: z.int().min(1).optional().meta({
    description:
      "How many are cut off, flipped, appended or zeroed. If left out: 1, of zero-range all of the place, and truncate goes by share",
  }),
  share: z.number().min(0).max(1).optional().meta({
    description:
      "flip, truncate, zero-range, zero-tail: how far into the file or the place, 0 to 1; half if left out, zero-range from the start",
  }),
  pattern: z.string().min(1).optional().meta({
    description: "flip: the first place at or after `share` where this text stands (\\r and \\n may be written)",
  }),
  plus: z.int().min(0).optional().meta({ description: "flip: so many bytes beyond that place" }),
  with: pathOnDisk.optional().meta({ description: "replace, swap: the other file" }),
  withPlace: place.optional().meta({ description: "Instead of with: something that the component finds" }),
});
export type DamageParams = z.output<typeof damageParams>;

/** The keys that each damage has a use for. */
const USES: Readonly<Record<Damage, readonly (keyof DamageParams)[]>> = {
  truncate: ["bytes", "share"],
  flip: ["bytes", "share", "pattern", "plus"],
  zeros: ["bytes"],
  "zero-range": ["bytes", "share"],
  "zero-tail": ["share"],
  empty: [],
  delete: [],
  replace: ["with", "withPlace"],
  swap: ["with", "withPlace"],
};

/** What of the parameters makes no sense together, each with the key that it hangs on. */
export function damageProblems(wanted: DamageParams): { key: string; what: string; hint: string }[] {
  const { damage } = wanted;
  const one = (a: "path" | "with", b: "place" | "withPlace", of: string) =>
    (wanted[a] === undefined) === (wanted[b] === undefined)
      ? [
          wanted[a] === undefined
            ? { key: a, what: `${of} is not said`, hint: `give ${a} or ${b}` }
            : { key: b, what: `${a} and ${b} are both given`, hint: "keep one of them" },
        ]
      : [];
  const useless = (["bytes", "share", "pattern", "plus", "with", "withPlace"] as const)
    .filter((key) => wanted[key] !== undefined && !USES[damage].includes(key))
    .map((key) => ({ key, what: `${key} says nothing about ${damage}`, hint: usersOf(key) }));
  const both =
    damage === "truncate" && wanted.bytes !== undefined && wanted.share !== undefined
      ? [{ key: "share", what: "bytes and share both say where the file ends", hint: "keep one of them" }]
      : [];
  const other =
    damage === "replace" || damage === "swap" ? one("with", "withPlace", `the other file of ${damage}`) : [];
  return [...one("path", "place", "what is damaged"), ...useless, ...both, ...other];
}

const usersOf = (key: keyof DamageParams): string =>
  `remove it; it belongs to ${DAMAGES.filter((damage) => USES[damage].includes(key)).join(", ")}`;

/** The bytes that a damage changes: from this one up to the other. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where a damage of fixed extent goes; for `flip` without a pattern too. Rejects what does not fit into the file. */
export function spanOf(
  { damage, bytes, share }: DamageParams,
  { from, to, value }: Pick<Location, "from" | "to" | "value">,
  size: number,
): Span {
  if (damage === "truncate" && bytes !== undefined && size <= bytes)
    throw new Error(`the file has ${size} bytes: ${bytes} cannot be cut off`);
  const into = (part: number): number => Math.min(from + Math.floor((to - from) * part), Math.max(from, to - 1));
  const span = (): Span => {
    if (damage === "truncate") return { from: bytes === undefined ? cut(share ?? 0.5) : size - bytes, to: size };
    if (damage === "zeros") return { from: size, to: size + (bytes ?? 1) };
    if (damage === "zero-tail") return { from: into(share ?? 0.5), to: size };
    if (damage === "zero-range") {
      const start = into(share ?? 0);
      return { from: start, to: bytes === undefined ? to : start + bytes };
    }
    if (damage !== "flip") return { from: 0, to: size };
    const start = value && share === undefined ? Math.floor((value.from + value.to) / 2) : into(share ?? 0.5);
    return { from: start, to: start + (bytes ?? 1) };
  };
  /** Unlike a byte that is changed, an end may lie at the very end or start. */
  const cut = (part: number): number => from + Math.floor((to - from) * part);
  const found = span();
  if (damage !== "zeros" && (found.from < 0 || found.to > size || (found.from >= found.to && damage !== "empty")))
    throw new Error(`the file has ${size} bytes, none from ${found.from} to ${found.to - 1}: ${damage} needs them`);
  return found;
}

/** The first place of a text in a part of a file that begins at `from`. */
export function placeOf(content: Buffer, from: number, pattern: string): number {
  const at = content.indexOf(pattern.replaceAll("\\r", "\r").replaceAll("\\n", "\n"), 0, "latin1");
  if (at < 0) throw new Error(`${JSON.stringify(pattern)} does not stand at or after byte ${from}`);
  return from + at;
}
