import { z } from "zod";
import { isArchived, RESTORE_TARGETS } from "../component.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";

const params = z.strictObject({
  backup: z.enum(["newest", "oldest"]).default("newest").meta({ description: "Which backup it begins with" }),
  to: z.enum(RESTORE_TARGETS).default("latest").meta({
    description:
      "How the end is told: a position, a restore point's name, a time, a transaction; latest: as far as the archive goes",
  }),
  point: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: "expected the name of an earlier step, now or before-backups" })
    .optional()
    .meta({ description: "Where it ends: the step that noted the point, or now, or before-backups" }),
  inclusive: z.boolean().default(false).meta({ description: "Whether the point itself is replayed" }),
  checked: z.boolean().default(true).meta({
    description:
      "Whether a point before the end of every backup is refused, as a runbook must; the server itself goes on",
  }),
  onEnd: z.enum(["promote", "pause"]).default("promote").meta({
    description: "pause: the server's own default, which takes no writes until somebody ends it",
  }),
  wal: z.enum(["stock", "fail-closed"]).default("stock").meta({
    description: "fail-closed: an error of the archiver, or a gap, can never be read as the end of history",
  }),
  tail: z.enum(["shipped", "left"]).default("shipped").meta({
    description:
      "Whether history that only a receiver has, its unfinished last file included, goes into the archive first",
  }),
  archive: z.enum(["fenced", "open"]).default("fenced").meta({
    description: "open: the restored machine archives into where it came from, which poisons the next restore",
  }),
  stage: z.enum(["whole", "base", "history"]).default("whole").meta({
    description: "base: the backup alone, up to where it is consistent, while history waits; history: goes on from there",
  }),
  access: z.enum(["machine", "escrow"]).default("machine").meta({
    description: "What opens the archive: what lies on the machine, or what an earlier step put into safe keeping",
  }),
  repoint: z
    .boolean()
    .default(true)
    .meta({ description: "Whether the clients' address moves to the restored machine" }),
});

/** A machine is made anew from the archive: base, then history, to its end or to a point. */
export const restore = defineRecovery<z.output<typeof params>>({
  name: "restore",
  summary: "A machine is filled from backup and archive, to the end or to a point, and takes over",
  target: "node",
  requires: "archive",
  params,
  async recover(target, { point, repoint, ...options }, { signal, mark, keep, rewound }) {
    const { component } = target;
    const node = requireNode(target);
    if (!isArchived(component)) throw new Error(`${component.name} (${component.kind}) keeps no archive`);
    await component.restore(
      node.name,
      { ...options, at: point },
      { signal, mark, keep, rewound: (to) => rewound({ store: component.name, ...to }) },
    );
    if (repoint && options.stage !== "base") mark("repointed", await component.clients.repoint(node.name));
  },
});
