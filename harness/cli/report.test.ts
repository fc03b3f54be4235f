import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reporters } from "../renderers.ts";
import { report } from "../render/testing.ts";
import { reportCommand } from "./report.ts";

// What a pack comes to is the business of analyze and its tests; here it is one known report.
vi.mock("../analyze.ts", async () => {
  const testing = await import("../render/testing.ts");
  return { analyzePack: () => Promise.resolve(testing.report()) };
});

let folder = "";
let written = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blackstart-report-"));
  mkdirSync(join(folder, "reports", "run-1", "views"), { recursive: true });
  written = "";
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      written += stream === process.stdout ? Buffer.from(chunk).toString("latin1") : "";
      return true;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const run = (options: { run?: string; format?: string; output?: string; json?: string }): Promise<void> =>
  Promise.resolve(
    reportCommand.handler({
      run: "run-1",
      format: "terminal",
      output: undefined,
      reports: join(folder, "reports"),
      ...options,
      _: [],
      $0: "",
    }),
  );

/** Every byte as a letter, so that text and PDF are compared alike. */
const latin1 = (view: string | Buffer): string => Buffer.from(view as string).toString("latin1");

test.each(reporters.map(({ name }) => name))(
  "%s goes to standard output, and to a file that is asked for",
  async (format) => {
    const expected = latin1(reporters.find(({ name }) => name === format)!.render(report())!);
    const output = join(folder, "out");
    await run({ format, output });
    expect(readFileSync(output, "latin1")).toBe(expected);
    expect(written).toBe("");
    await run({ format, run: join(folder, "reports", "run-1") });
    expect(written).toBe(expected);
  },
);

test("--json means the JSON view", async () => {
  await run({ json: "document" });
  expect(JSON.parse(Buffer.from(written, "latin1").toString("utf8"))).toEqual(report());
});

test("writes nothing into the pack, by whatever path", async () => {
  const pack = join(folder, "reports", "run-1");
  symlinkSync(join(pack, "views"), join(folder, "link"));
  symlinkSync(join(pack, "views", "report.html"), join(folder, "out.html"));
  writeFileSync(join(pack, "views", "report.html"), "sealed");
  for (const output of [
    join(pack, "x.html"),
    join(pack, "views", "report.html"),
    join(folder, "link", "x.html"),
    join(folder, "out.html"),
  ])
    await expect(run({ format: "html", output })).rejects.toThrow("lies inside the pack, which is sealed");
  expect(readFileSync(join(pack, "views", "report.html"), "utf8")).toBe("sealed");
  symlinkSync(join(pack, "views", "new.html"), join(folder, "new.html"));
  await expect(run({ format: "html", output: join(folder, "new.html") })).rejects.toThrow("is a link to a file");
});

test("says what is not there", async () => {
  await expect(run({ run: "run-2" })).rejects.toThrow("No run run-2");
  await expect(run({ output: join(folder, "nowhere", "x") })).rejects.toThrow("does not exist");
  await expect(run({ output: folder })).rejects.toThrow("is a folder");
});

test("a view that the run has nothing for is said to be none", async () => {
  vi.spyOn(
    reporters.find(({ name }) => name === "oscal")!,
    "render",
  ).mockReturnValue(null);
  await expect(run({ format: "oscal" })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("nothing for the oscal view") as unknown,
  });
});
