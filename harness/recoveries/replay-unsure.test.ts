import { expect, it } from "vitest";
import type { Component, WriteRequest, WriteResult } from "../component.ts";
import type { FaultTarget } from "../fault.ts";
import type { RecoveryContext } from "../recovery.ts";
import { replayUnsure } from "./replay-unsure.ts";

const request = (op: string): WriteRequest => ({ op, sha256: "", payload: "p", transfer: null });

async function replay(outbox: string[], answer: (op: string) => WriteResult) {
  const [sent, replayed, kept]: [string[], string[], string[]] = [[], [], []];
  let closed = false;
  const session = {
    write: async ({ op }: WriteRequest) => (sent.push(op), answer(op)),
    close: () => void (closed = true),
  };
  const component = { name: "db", connect: async () => session } as unknown as Component;
  const context = {
    signal: new AbortController().signal,
    unsure: (store: string) => (store === "db" ? outbox.map(request) : []),
    reconciled: ({ op, action }: { op: string; action: string }) => replayed.push(`${action} ${op}`),
    mark: () => undefined,
    keep: async (_name: string, text: string) => void kept.push(text),
  } as unknown as RecoveryContext;
  const target: FaultTarget = { component, node: null };
  const done = replayUnsure.recover(target, replayUnsure.params.parse({}), context);
  await done.finally(() => expect(closed).toBe(true));
  return { sent, replayed, kept };
}

it("sends the whole outbox, and tells what was applied from what was there", async () => {
  const there: WriteResult = { outcome: "fail", error: "duplicate key", alreadyThere: true };
  const applied: WriteResult = { outcome: "ok", node: null, lineage: null, position: null };
  expect(await replay(["a", "b", "c"], (op) => (op === "b" ? there : applied))).toEqual({
    sent: ["a", "b", "c"],
    replayed: ["replayed a", "replayed c"],
    kept: ["3 sent again: 2 applied, 1 were there already\n"],
  });
});

it.each(["fail", "info"] as const)(
  "fails when a write ends as %s: nobody could say that it is there",
  async (outcome) => {
    await expect(replay(["a"], () => ({ outcome, error: "it broke" }))).rejects.toThrow(
      "a could not be sent again: it broke",
    );
  },
);
