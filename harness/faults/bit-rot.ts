import { z } from "zod";
import { type Attempt, type Corruption, isCorruptible } from "../capabilities.ts";
import { defineFault } from "../fault.ts";
import { awaitCondition } from "../wait.ts";
import { servedWords } from "./served.ts";

const params = z.strictObject({
  elements: z.int().min(1).max(1_000).default(10).meta({ description: "How many stored elements are damaged" }),
  drives: z.int().min(1).max(16).default(1).meta({ description: "On how many drives each of them is" }),
  part: z.enum(["data", "metadata", "whole"]).default("data").meta({
    description: "Bytes of the content, of what the store keeps about it, or everything of it on that drive",
  }),
});

/** A store that answers with an error or with the right bytes has noticed; wrong bytes as a success are what must never come. */
export const bitRot = defineFault<z.output<typeof params>>({
  name: "bit-rot",
  summary: "Bytes of stored elements are changed on their drives, behind the store's back, and the elements are read",
  target: "component",
  needs: [],
  requires: "rot",
  asks: ({ part }) => (part === "data" ? [] : [{ key: "part", word: "metadata rot" }]),
  params,
  async inject({ component }, { elements, drives: copies, part }, { attempted, keep, signal }) {
    if (!isCorruptible(component))
      throw new Error(`the bytes of ${component.name} (${component.kind}) cannot be found`);
    const corruption = await component.corrupt({ elements, copies, part });
    const served = await corruption.serve();
    attempted({
      attempt: `read ${elements} elements whose ${part === "whole" ? "copies are gone" : `${part} is rotten`} on ${copies} drives`,
      refused: served.wrong === 0,
      detail: servedWords(served),
    });
    if (part === "whole" && corruption.remains) attempted(await leftAfterReading(corruption, elements, signal));
    await keep(
      "changes.txt",
      `${[...corruption.changes, ...corruption.unchanged.map((what) => `unchanged: ${what}`)].join("\n")}\n`,
    );
    return {
      effective: corruption.at,
      async effect() {
        const { changes, unchanged } = corruption;
        return {
          observed: changes.length > 0 && unchanged.length === 0,
          proof: `${changes.length} changes of ${elements} elements read back${unchanged.length > 0 ? `, but ${unchanged.join("; ")}` : ""}; then ${servedWords(served)}`,
        };
      },
      heal: () => corruption.undo(),
    };
  },
});

/** How long a store may take to clear away, after an answer, what it thinks is left over. */
const PURGE_MS = 10_000;

/** What is left of an element may be all that a restore has to go by: reading must not remove it. */
async function leftAfterReading(corruption: Corruption, elements: number, signal: AbortSignal): Promise<Attempt> {
  let left = elements;
  await awaitCondition(async () => (left = (await corruption.remains?.()) ?? elements) === 0, {
    everyMs: 200,
    timeoutMs: PURGE_MS,
    signal,
  });
  return {
    attempt: "read what is left of an element, and find it removed",
    refused: left === elements,
    detail: `of ${left} of ${elements} elements there is still something on the other drives`,
  };
}
