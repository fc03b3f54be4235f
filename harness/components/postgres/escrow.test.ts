import { expect, it } from "vitest";
import type { Node } from "../../node.ts";
import { type Archiver, ARCHIVE_DIR } from "./archiver.ts";
import { Escrow } from "./escrow.ts";
import { shellOn } from "./shell.ts";

const archiver = {
  files: { "tool.conf": "address and passphrase", "ca.pem": "authority" },
  withoutPassphrase: { "tool.conf": "address", "ca.pem": "authority" },
} as Partial<Archiver> as Archiver;

/** A machine that remembers what was laid out on it and whether its folder is there. */
function machine() {
  const laid = new Map<string, string>();
  let there = true;
  const exec: Node["exec"] = async (argv, { stdin }) => {
    const said = { code: 0, stdout: "", stderr: "" };
    if (argv[0] === "rm") [there] = [false, laid.clear()];
    else if (stdin !== undefined) [there] = [true, laid.set(argv.at(-1)!, stdin)];
    else said.code = there ? 0 : 1;
    return said;
  };
  const node = { name: "db.spare", state: async () => "running", exec } as Partial<Node> as Node;
  return { node, laid };
}

it("lays out what was put away, and nothing where nothing was", async () => {
  const { node, laid } = machine();
  const escrow = new Escrow(archiver);
  await expect(escrow.open(shellOn(node))).rejects.toThrow("nothing was put into safe keeping");
  expect(escrow.keep("without-passphrase")).toBe("tool.conf, ca.pem, without the passphrase");
  await escrow.open(shellOn(node));
  expect(laid.get("tool.conf")).toBe("address");
  expect(escrow.keep("all")).toBe("tool.conf, ca.pem");
  await escrow.open(shellOn(node));
  expect(Object.fromEntries(laid)).toEqual(archiver.files);
});

it("takes everything from the machine, proves it, and gives it back", async () => {
  const { node, laid } = machine();
  const lost = await new Escrow(archiver).lose(node);
  expect(await lost.effect(AbortSignal.timeout(1_000))).toEqual({
    observed: true,
    proof: `${ARCHIVE_DIR} is gone from db.spare`,
  });
  await lost.heal();
  expect(Object.fromEntries(laid)).toEqual(archiver.files);
});
