import { expect, test } from "vitest";
import type { FaultTarget } from "../fault.ts";
import type { ExecResult } from "../node.ts";
import { removeFolder } from "./remove-folder.ts";

const ended = (code: number, stdout = ""): ExecResult => ({ code, stdout, stderr: "" });

function inject(removals: (ExecResult | Error)[], files: string[]) {
  const node = {
    name: "db.primary",
    disk: "/disk",
    state: async () => "stopped",
    onDisk: async ([program]: string[]) => {
      if (program !== "rm") return ended(0, files.shift());
      const next = removals.shift()!;
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const context = {
    signal: AbortSignal.timeout(5_000),
    step: "rm",
    attempted: () => undefined,
    struck: () => undefined,
    keep: () => Promise.resolve(),
  };
  return removeFolder.inject({ component: {}, node } as unknown as FaultTarget, { path: "data" }, context);
}
const signal = AbortSignal.timeout(5_000);

test("goes on beside the machine when the server ends under it, and is proven by a look at the disk", async () => {
  const injection = await inject([new Error("gone"), ended(137), ended(0)], ["900\n", "none\n"]);
  expect(await injection.effect(signal)).toEqual({
    observed: true,
    proof: "data of db.primary: 900 files before, then not there; the server ended",
  });
});

test("a folder that is still there was not removed", async () => {
  const injection = await inject([ended(0)], ["900\n", "899\n"]);
  expect(await injection.effect(signal)).toMatchObject({ observed: false });
});

test("what is not there cannot be removed, and what cannot be removed is an error", async () => {
  await expect(inject([], ["none"])).rejects.toThrow("there is no data on the disk of db.primary");
  await expect(inject([ended(1), ended(1), ended(1)], ["9"])).rejects.toThrow("could not be removed: exit 1");
});
