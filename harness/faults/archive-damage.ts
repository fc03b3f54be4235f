import { z } from "zod";
import { ARCHIVE_DAMAGES, ARCHIVE_PARTS, requireArchive } from "../archive.ts";
import { WHERES } from "../place.ts";
import { defineFault } from "../fault.ts";

const params = z.strictObject({
  part: z.enum(ARCHIVE_PARTS).default("segment").meta({
    description:
      "A piece of history, the file that tells its branches apart, or a backup's data, list of files or mark of its beginning",
  }),
  where: z.enum(WHERES).default("middle").meta({
    description: "Among the segments since the newest backup, or among all backups or branches, oldest first",
  }),
  damage: z.enum(ARCHIVE_DAMAGES).meta({
    description:
      "flip: bits in the middle; zero-tail: zeros from the middle on; wrong-content: the bytes of the one before; swap: with the one before",
  }),
  inside: z.boolean().default(false).meta({
    description:
      "Inside of what the archiver compressed (of a backup: in the pages of one table or index), wrapped again so that no unwrapping notices",
  }),
});

/** A store that keeps what it was given, and an archive that is no longer what was archived. */
export const archiveDamage = defineFault<z.output<typeof params>>({
  name: "archive-damage",
  summary: "Bytes of what was archived are changed, cut off or removed in the store, behind the archiver's back",
  target: "component",
  needs: [],
  requires: "archive",
  params,
  async inject({ component }, damage, { keep }) {
    const damaged = await requireArchive(component).damageArchive(damage);
    const { at, changes, unchanged } = damaged;
    const proof = [...changes, ...unchanged.map((what) => `unchanged: ${what}`)];
    await keep("damage.txt", `${proof.join("\n")}\n`);
    return {
      effective: at,
      effect: async () => ({ observed: changes.length > 0 && unchanged.length === 0, proof: proof.join("; ") }),
      heal: () => damaged.undo(),
    };
  },
});
