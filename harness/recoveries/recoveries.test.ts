import { describe, expect, test } from "vitest";
import type { Component } from "../component.ts";
import type { FaultTarget } from "../fault.ts";
import type { Node } from "../node.ts";
import type { RecoveryContext } from "../recovery.ts";
import { failover } from "./failover.ts";
import { repair } from "./repair.ts";
import { copyBack } from "./copy-back.ts";
import { rejoin } from "./rejoin.ts";
import { restore } from "./restore.ts";
import { start } from "./start.ts";

const at = (ns: bigint) => ({ fromNs: ns, toNs: ns + 1n });

/** What a recovery did, in order: marks, and calls of the fakes. */
function lab(abilities: object) {
  const done: string[] = [];
  const node = { name: "db.primary", start: async () => void done.push("machine started") } as unknown as Node;
  const clients = { leadsTo: "db.primary", repoint: async (to: string) => (done.push(`repoint ${to}`), at(9n)) };
  const component = { name: "db", kind: "store", clients, ...abilities } as unknown as Component;
  const context = {
    signal: new AbortController().signal,
    beforeFaultMs: 1_234,
    mark: (name: string) => done.push(`mark ${name}`),
    keep: async () => undefined,
  } as unknown as RecoveryContext;
  return { done, context, target: { component, node } satisfies FaultTarget };
}

describe("failover", () => {
  const manager = (done: { asked?: number }) => ({
    awaitFailover: async () => ({
      node: "db.replica",
      at: at(5n),
      milestones: async (sinceMs: number) => ((done.asked = sinceMs), [{ name: "detected", at: at(3n) }]),
    }),
  });

  test("clients follow at once; then it is said what the manager noted since the fault", async () => {
    const asked: { asked?: number } = {};
    const { done, context, target } = lab(manager(asked));
    await failover.recover(target, failover.params.parse({}), context);
    expect(done).toEqual(["repoint db.replica", "mark detected", "mark moved", "mark repointed"]);
    expect(asked.asked).toBe(1_234);
  });

  test("nobody follows when the scenario says so", async () => {
    const { done, context, target } = lab(manager({}));
    await failover.recover(target, failover.params.parse({ repoint: false }), context);
    expect(done).toEqual(["mark detected", "mark moved"]);
  });

  test("a store without a manager is an error, and no failover", async () => {
    const { context, target } = lab({});
    await expect(failover.recover(target, failover.params.parse({}), context)).rejects.toThrow("has no manager");
  });
});

describe("start", () => {
  test("waits until the server serves, where the component can tell", async () => {
    const { done, context, target } = lab({ settled: async (node: string) => void done.push(`settled ${node}`) });
    await start.recover(target, start.params.parse({}), context);
    expect(done).toEqual(["machine started", "mark started", "settled db.primary"]);
  });

  test("fails with the reason of a server that refuses", async () => {
    const { done, context, target } = lab({
      settled: async () => {
        throw new Error("db.primary refused to start. Its last words: bad file");
      },
    });
    await expect(start.recover(target, start.params.parse({}), context)).rejects.toThrow("Its last words: bad file");
    expect(done).toEqual(["machine started", "mark started"]);
  });

  test("is over when the machine runs, where the component cannot tell", async () => {
    const { done, context, target } = lab({});
    await start.recover(target, start.params.parse({}), context);
    expect(done).toEqual(["machine started", "mark started"]);
  });
});

describe("restore", () => {
  const end = { lineage: "1", position: "0/A", upTo: "0/B" };
  const restoring = async (params: object, stack = new Map<string, Component>()) => {
    const options: Record<string, unknown> = {};
    const rewound: object[] = [];
    const { done, context, target } = lab({
      backUp: 1,
      restore: async (_: string, asked: object, { rewound: tell }: { rewound: (to: object) => void }) => {
        Object.assign(options, asked);
        tell(end);
      },
    });
    const whole = { ...context, stack, rewound: (to: object) => void rewound.push(to) };
    await restore.recover(target, restore.params.parse(params), whole);
    return { done, options, rewound };
  };

  test("clients follow, and what lies beyond the point is given up", async () => {
    expect(await restoring({ to: "xid", point: "oops" })).toMatchObject({
      done: ["repoint db.primary", "mark repointed"],
      options: { to: "xid", at: "oops", archive: "fenced", wal: "stock" },
      rewound: [{ store: "db", ...end }],
    });
  });

  test("aside, nobody follows and nothing is given up", async () => {
    expect(await restoring({ to: "xid", point: "oops", repoint: false })).toMatchObject({ done: [], rewound: [] });
  });

  test("takes another's archive where the scenario says so", async () => {
    const other = { name: "other" } as unknown as Component;
    expect((await restoring({ from: "other" }, new Map([["other", other]]))).options["source"]).toBe(other);
    await expect(restoring({ from: "other" })).rejects.toThrow("no component is called other");
  });
});

test.each([copyBack, rejoin])("$name goes to the component that can, and is an error elsewhere", async (recovery) => {
  const asked: string[] = [];
  const can = lab({
    copyBack: async (node: string) => asked.push(node),
    rejoin: async (node: string) => asked.push(node),
  });
  await recovery.recover(can.target, recovery.params.parse({}), can.context);
  expect(asked).toEqual(["db.primary"]);
  const cannot = lab({});
  await expect(recovery.recover(cannot.target, recovery.params.parse({}), cannot.context)).rejects.toThrow("cannot");
});

test("a repair goes to the component that knows it, and is an error elsewhere", async () => {
  const asked: string[] = [];
  const { context, target } = lab({ repair: async (node: string, method: string) => void asked.push(node, method) });
  await repair.recover(target, repair.params.parse({ method: "fix" }), context);
  expect(asked).toEqual(["db.primary", "fix"]);
  const other = lab({});
  await expect(repair.recover(other.target, repair.params.parse({ method: "fix" }), other.context)).rejects.toThrow(
    "knows no repair",
  );
});
