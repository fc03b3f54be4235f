import { z } from "zod";
import type { Component } from "../component.ts";
import { requireArchive, RESTORE_TARGETS, type Rewind } from "../archive.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";
import { component } from "../scenario/names.ts";

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
      "Whether a point before the end of every backup, and another system's backup, are refused, as a runbook must; the server itself goes on",
  }),
  onEnd: z.enum(["promote", "pause", "follow"]).default("promote").meta({
    description:
      "pause: the server's own default, which takes no writes until somebody ends it; follow: a standby that replays what the archive holds, and an alarm when it no longer gets on",
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
  from: component.optional().meta({ description: "Whose archive it takes; the component's own if left out" }),
  stage: z.enum(["whole", "base", "history"]).default("whole").meta({
    description:
      "base: the backup alone, up to where it is consistent, while history waits; history: goes on from there",
  }),
  access: z.enum(["machine", "escrow"]).default("machine").meta({
    description: "What opens the archive: what lies on the machine, or what an earlier step put into safe keeping",
  }),
  repoint: z
    .boolean()
    .default(true)
    .meta({ description: "Whether the clients' address moves to the restored machine; else it is restored aside" }),
});

/** A machine is made anew from the archive: base, then history, to its end or to a point. */
export const restore = defineRecovery<z.output<typeof params>>({
  name: "restore",
  summary: "A machine is filled from backup and archive, to the end or to a point, and takes over",
  target: "node",
  requires: "archive",
  params,
  async recover(target, { point, repoint, from, ...options }, { signal, mark, keep, rewound, restored, stack }) {
    const store = target.component;
    const node = requireNode(target);
    // Restored aside, history is given up by nobody.
    const context = {
      signal,
      mark,
      keep,
      restored,
      rewound: (to: Rewind) => repoint && rewound({ store: store.name, ...to }),
    };
    await requireArchive(store).restore(node.name, { ...options, at: point, ...sourceOf(stack, from) }, context);
    if (repoint && options.stage !== "base") mark("repointed", await store.clients.repoint(node.name));
  },
});

function sourceOf(stack: ReadonlyMap<string, Component>, name: string | undefined): { source?: Component } {
  if (name === undefined) return {};
  const source = stack.get(name);
  if (!source) throw new Error(`no component is called ${name}: there is no archive of it`);
  return { source };
}
