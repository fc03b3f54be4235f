/** Real bytes of what an archiver stored are changed in the store, behind its back, and read back from there. */
import { createHash } from "node:crypto";
import type { ArchiveDamage, ArchiveDamaged, ArchivePart, Depot } from "../../archive.ts";
import { pickAt, type Where } from "../../place.ts";
import { bracket } from "../../time.ts";
import type { Archiver, Stored } from "./archiver.ts";
import type { Shell } from "./shell.ts";

/** A flip must not vanish in the up to 7 bytes between two records, which no checksum covers. */
const FLIPPED_BYTES = 8;

export interface ArchiveStore {
  readonly depot: Depot;
  readonly bucket: string;
}

export interface DamageBench extends ArchiveStore {
  readonly archiver: Archiver;
  /** Any machine that runs. */
  readonly on: Shell;
}

export async function damageArchive(store: DamageBench, damage: ArchiveDamage): Promise<ArchiveDamaged> {
  const chosen = await choose(store.archiver, damage);
  const before = new Map<Stored, Buffer>();
  for (const one of chosen) before.set(one, await store.depot.getObject(store.bucket, one.key));
  const wanted = new Map<Stored, Buffer | null>();
  const views = new Map(chosen.map((one) => [one, viewOf(one, before.get(one)!, damage)]));
  for (const one of damage.damage === "swap" ? chosen : chosen.slice(0, 1)) {
    const other = chosen.find((neighbour) => neighbour !== one);
    wanted.set(one, await damaged(store.on, damage.damage, views.get(one)!, other && views.get(other)));
  }
  const { at } = await bracket(async () => {
    for (const [{ key }, body] of wanted) await put(store, key, body);
  });
  const changes: string[] = [];
  const unchanged: string[] = [];
  for (const [one, body] of wanted) {
    const found = await read(store, one.key);
    const words = `${damage.damage} of ${one.name}: ${wordsOf(before.get(one)!)} before, ${wordsOf(found)} after`;
    if (hashOf(found) === hashOf(body) && hashOf(found) !== hashOf(before.get(one)!)) changes.push(words);
    else unchanged.push(words);
  }
  return {
    at,
    changes,
    unchanged,
    async undo() {
      for (const one of wanted.keys()) await put(store, one.key, before.get(one)!);
    },
  };
}

/** The one to be damaged, and for damage by another's bytes that other: the one before it, or after it where it is the first. */
async function choose(archiver: Archiver, { part, where, damage, inside }: ArchiveDamage): Promise<Stored[]> {
  const stored = await archiver.objects(part);
  const one = placed(stored, part, where);
  if (inside && !one.inside) throw new Error(`${one.name} cannot be opened and wrapped again`);
  if (inside && damage === "delete" && part !== "label")
    throw new Error(`what is inside of ${one.name} cannot be deleted: use damage: empty, or leave inside out`);
  if (damage !== "swap" && damage !== "wrong-content") return [one];
  const at = stored.indexOf(one);
  const other = stored[at === 0 ? 1 : at - 1];
  if (!other) throw new Error(`${damage} of ${one.name} needs another ${part}, and there is none`);
  return [one, other];
}

/** Rejects where there is nothing, or where a first, a middle and a last segment would not be three. */
export function placed(stored: readonly Stored[], part: ArchivePart, where: Where): Stored {
  if (part === "segment" && stored.length < 3)
    throw new Error(
      `there are ${stored.length} segments since the newest backup: a first, a middle and a last one need 3; let more be written before`,
    );
  const one = pickAt(stored, where);
  if (!one) throw new Error(`there is no ${part} in the archive`);
  return one;
}

/** What the object has to be afterwards; null: nothing. */
async function damaged(
  on: Shell,
  damage: ArchiveDamage["damage"],
  one: View,
  other: View | undefined,
): Promise<Buffer | null> {
  const content = async ({ object, inside }: View): Promise<Buffer> => (inside ? inside.take(object, on) : object);
  const result =
    damage === "swap" || damage === "wrong-content" ? await content(other!) : changed(await content(one), damage);
  return one.inside ? one.inside.put(one.object, result, on) : result;
}

/** A backup's mark lies inside its data, where there is no file of its own. */
const viewOf = ({ inside }: Stored, object: Buffer, damage: ArchiveDamage): View => ({
  object,
  inside: damage.inside || damage.part === "label" ? inside : undefined,
});

interface View {
  readonly object: Buffer;
  readonly inside: Stored["inside"];
}

/** Damage lies where there is something: a segment that was ended early is full of zeros behind its last record. */
export function changed(content: Buffer, damage: Exclude<ArchiveDamage["damage"], "swap" | "wrong-content">) {
  if (damage === "delete") return null;
  if (damage === "empty") return Buffer.alloc(0);
  if (damage === "truncate") return content.subarray(0, Math.floor(content.length / 2));
  const used = content.findLastIndex((byte) => byte !== 0) + 1;
  const from = Math.floor(used / 2);
  const result = Buffer.from(content);
  if (damage === "zero-tail") result.fill(0, from);
  else for (let at = from; at < Math.min(from + FLIPPED_BYTES, used); at++) result[at]! ^= 1;
  return result;
}

const put = ({ depot, bucket }: ArchiveStore, key: string, body: Buffer | null): Promise<void> =>
  body === null ? depot.removeObject(bucket, key) : depot.putObject(bucket, key, body);

/** null when it is not there, as the store lists it. */
async function read({ depot, bucket }: ArchiveStore, key: string): Promise<Buffer | null> {
  const there = (await depot.objects(bucket, key)).some((object) => object.key === key);
  return there ? depot.getObject(bucket, key) : null;
}

const hashOf = (body: Buffer | null): string => (body === null ? "" : createHash("sha256").update(body).digest("hex"));

const wordsOf = (body: Buffer | null): string =>
  body === null ? "not there" : `${body.length} bytes, sha256 ${hashOf(body).slice(0, 16)}…`;
