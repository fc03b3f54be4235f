import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { soundBut } from "../scenario/testing.ts";

export const SUITE = `id: small
title: Two stores
drills:
  - { drill: pg/one, repeat: 2 }
  - { drill: pg }
covers: [A3]
`;

/** A folder with the scenarios pg/one (A3) and pg/two, and a suite of the given text; goes when the test is over. */
export async function suiteFile(text = SUITE): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "blackstart-"));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, "pg"));
  await mkdir(join(root, "suites"));
  await writeFile(join(root, "pg", "one.yaml"), soundBut(["id: sound", "id: one"], ["stack:", "covers: [A3]\nstack:"]));
  await writeFile(join(root, "pg", "two.yaml"), soundBut(["id: sound", "id: two"]));
  const file = join(root, "suites", "x.yaml");
  await writeFile(file, text);
  return file;
}
