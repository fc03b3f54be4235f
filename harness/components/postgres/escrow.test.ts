import { expect, it } from "vitest";
import type { Node } from "../../node.ts";
import type { Archiver } from "./archiver.ts";
import { Escrow, renew } from "./escrow.ts";
import { shellOn } from "./shell.ts";

const archiver = {
  files: { "tool.conf": "address and passphrase", "ca.pem": "authority" },
  withoutPassphrase: { "tool.conf": "address", "ca.pem": "authority" },
} as Partial<Archiver> as Archiver;

/** A machine that remembers what was laid out on it, and says what is still there when somebody looks. */
function machine(left = "") {
  const laid = new Map<string, string>();
  const exec: Node["exec"] = async (argv, { stdin }) => {
    const said = { code: 0, stdout: "", stderr: "" };
    if (argv[0] === "rm") laid.clear();
    else if (stdin !== undefined) laid.set(argv.at(-1)!, stdin);
    else said.stdout = left;
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
    proof: "/blackstart/run/archive and /blackstart/archive are gone from db.spare",
  });
  await lost.heal();
  expect(Object.fromEntries(laid)).toEqual(archiver.files);
});

it("is not proven by files that are still there", async () => {
  const lost = await new Escrow(archiver).lose(machine("/blackstart/archive\n").node);
  const proof = "there is still /blackstart/archive";
  expect(await lost.effect(AbortSignal.timeout(1_000))).toEqual({ observed: false, proof });
});

it("keeps what was put away before the key was rotated: only what is put away anew opens the archive", async () => {
  const { node, laid } = machine();
  let passphrase = "old";
  const rotating = {
    get files() {
      return { "tool.conf": passphrase };
    },
  } as Partial<Archiver> as Archiver;
  const escrow = new Escrow(rotating);
  escrow.keep("all");
  passphrase = "new";
  await escrow.open(shellOn(node));
  expect(laid.get("tool.conf")).toBe("old");
  await renew(node, rotating.files);
  expect(laid.get("tool.conf")).toBe("new");
});

it("names the machine that could not be given another key", async () => {
  const full: Node["exec"] = async () => ({ code: 1, stdout: "", stderr: "No space left on device" });
  const node = { ...machine().node, exec: full };
  await expect(renew(node, archiver.files)).rejects.toThrow(
    "db.spare could not be given another tool.conf: No space left on device",
  );
});
