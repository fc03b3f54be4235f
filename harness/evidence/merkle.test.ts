import { expect, test } from "vitest";
import { consistencyProof, inclusionProof, leafHash, rootOf, verifyConsistency, verifyInclusion } from "./merkle.ts";

// The reference vectors of certificate-transparency (merkle_tree_test.cc), which every RFC 6962 implementation is held to.
const INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const leaves = INPUTS.map((hex) => leafHash(Buffer.from(hex, "hex")));
const hex = (proof: Buffer[]): string[] => proof.map((hash) => hash.toString("hex"));
const buffers = (proof: string[]): Buffer[] => proof.map((hash) => Buffer.from(hash, "hex"));

test.each(ROOTS.map((root, size) => ({ size, root })))("the root of $size reference leaves", ({ size, root }) => {
  expect(rootOf(leaves.slice(0, size)).toString("hex")).toBe(root);
});

const INCLUSION = [
  {
    index: 0,
    proof: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    index: 5,
    proof: [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
];

test.each(INCLUSION)("the reference proof that leaf $index is among eight", ({ index, proof }) => {
  expect(hex(inclusionProof(index, leaves))).toEqual(proof);
  expect(verifyInclusion(index, 8, leaves[index]!, buffers(proof), Buffer.from(ROOTS[8]!, "hex"))).toBe(true);
});

const CONSISTENCY = [
  { from: 1, to: 1, proof: [] },
  { from: 1, to: 8, proof: INCLUSION[0]!.proof },
  {
    from: 6,
    to: 8,
    proof: [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
  {
    from: 2,
    to: 5,
    proof: [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  },
];

test.each(CONSISTENCY)("the reference proof that $to leaves begin with $from", ({ from, to, proof }) => {
  expect(hex(consistencyProof(from, leaves.slice(0, to)))).toEqual(proof);
  const [old, now] = [Buffer.from(ROOTS[from]!, "hex"), Buffer.from(ROOTS[to]!, "hex")];
  expect(verifyConsistency(from, to, old, now, buffers(proof))).toBe(true);
});

const many = Array.from({ length: 33 }, (_, i) => leafHash(`entry ${i}`));

test("every proof of every tree up to 33 leaves holds, and for no other leaf, place, size or root", () => {
  for (let size = 1; size <= many.length; size += 1) {
    const tree = many.slice(0, size);
    const root = rootOf(tree);
    for (let i = 0; i < size; i += 1) {
      const proof = inclusionProof(i, tree);
      expect(verifyInclusion(i, size, tree[i]!, proof, root)).toBe(true);
      expect(verifyInclusion(i, size, leafHash("another"), proof, root)).toBe(false);
      expect(verifyInclusion(i, size, tree[i]!, proof, leafHash("another"))).toBe(false);
      expect(verifyInclusion(i, size, tree[i]!, [...proof, root], root)).toBe(false);
      expect(verifyInclusion(size, size, tree[i]!, proof, root)).toBe(false);
      expect(size > 1 && verifyInclusion(i, size, tree[i]!, proof.slice(1), root)).toBe(false);
      expect(size > 1 && verifyInclusion((i + 1) % size, size, tree[i]!, proof, root)).toBe(false);
    }
  }
});

test("every tree up to 33 leaves is shown to begin with each smaller one, and a rewritten one is not", () => {
  for (let size = 1; size <= many.length; size += 1) {
    const tree = many.slice(0, size);
    const rewritten = [leafHash("another"), ...tree.slice(1)];
    for (let old = 0; old <= size; old += 1) {
      const proof = consistencyProof(old, tree);
      const oldRoot = rootOf(many.slice(0, old));
      expect(verifyConsistency(old, size, oldRoot, rootOf(tree), proof)).toBe(true);
      if (old === 0) continue; // everything begins with nothing
      expect(verifyConsistency(old, size, oldRoot, rootOf(rewritten), consistencyProof(old, rewritten))).toBe(false);
      expect(verifyConsistency(old, size, rootOf(rewritten), rootOf(tree), proof)).toBe(false);
      expect(verifyConsistency(old, size, oldRoot, rootOf(tree), [...proof, oldRoot])).toBe(false);
    }
  }
});

test("an empty proof shows nothing of a larger tree", () => {
  expect(verifyConsistency(3, 8, rootOf(leaves.slice(0, 3)), rootOf(leaves), [])).toBe(false);
  expect(verifyConsistency(9, 8, rootOf(leaves), rootOf(leaves), [])).toBe(false);
  expect(verifyInclusion(0, 8, leaves[0]!, [], rootOf(leaves))).toBe(false);
});
