import { z } from "zod";
import { type ArchivingFault, isArchiving } from "../archive.ts";
import { defineFault } from "../fault.ts";
import { component as componentName } from "../scenario/names.ts";
import { positiveDuration } from "../scenario/units.ts";

const params = z
  .strictObject({
    mode: z.enum(["lies", "fails", "astray", "skewed"]).meta({
      description:
        "lies: reports success and stores nothing; fails: reports failure; astray: into another component's place; skewed: signs with a wrong clock",
    }),
    into: componentName.optional().meta({
      description: "For astray: whose place, by its prefix, which is the component's name unless it has another",
    }),
    skew: positiveDuration.optional().meta({ description: "For skewed: how far the clock is ahead" }),
  })
  .refine(({ mode, into }) => (mode === "astray") === (into !== undefined), {
    path: ["into"],
    error: "expected with mode: astray, and only with it",
  })
  .refine(({ mode, skew }) => (mode === "skewed") === (skew !== undefined), {
    path: ["skew"],
    error: "expected with mode: skewed, and only with it",
  });

/** What the server is told to archive with goes wrong. Clients notice nothing: only a restore would show it. */
export const archivingFault = defineFault<z.output<typeof params>>({
  name: "archiving-fault",
  summary: "History no longer reaches its archive: the command lies, fails, goes astray or has a wrong clock",
  target: "component",
  needs: [],
  requires: "archive",
  asks: ({ mode }) => (mode === "astray" || mode === "skewed" ? [{ key: "mode", word: `${mode} archiving` }] : []),
  params,
  async inject({ component }, wanted) {
    if (!isArchiving(component)) throw new Error(`${component.name} (${component.kind}) does not archive by itself`);
    return component.breakArchiving(faultOf(wanted));
  },
});

function faultOf({ mode, into = "", skew: skewMs = 0 }: z.output<typeof params>): ArchivingFault {
  if (mode === "astray") return { mode, into };
  return mode === "skewed" ? { mode, skewMs } : { mode };
}
