import { expect, test } from "vitest";
import { BlackstartError } from "../errors.ts";
import { EXIT } from "../verdict.ts";
import { engine, engineFacts } from "./connect.ts";
import { diagnose } from "./doctor.ts";
import { listImages, resolveImages } from "./images.ts";
import { builtReference } from "./recipes.ts";

const signal = AbortSignal.timeout(280_000);
const quiet = () => undefined;

test("the first drill's images can be had, and are then on this machine at once", async () => {
  await resolveImages(["postgres", "proxy"], quiet, signal);
  const startedMs = performance.now();
  const images = await resolveImages(["postgres", "proxy", "postgres"], () => expect.unreachable(), signal);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect([...images.keys()]).toEqual(["postgres", "proxy"]);
  expect(images.get("proxy")).toMatchObject({ reference: builtReference("proxy"), origin: "local" });
  expect(images.get("postgres")?.id).toMatch(/^sha256:/);
  const listed = (await listImages()).filter((image) => images.has(image.name));
  expect(listed.every((image) => image.present)).toBe(true);
});

test("an image of the user's own that nobody has: exit 6, and how to get it", async () => {
  const failure = await resolveImages(["registry.invalid/spilo:3"], quiet, signal).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BlackstartError);
  expect(failure).toMatchObject({
    exitCode: EXIT.notReady,
    hint: expect.stringContaining("docker pull registry.invalid/spilo:3"),
  });
});

test("doctor tries every need for real, finds this machine ready, and leaves nothing behind", async () => {
  await resolveImages(["proxy", "power"], quiet, signal);
  const diagnosis = await diagnose({ reports: "reports" }, signal);
  expect(diagnosis.checks.filter((check) => check.area === "need").map((check) => [check.name, check.state])).toEqual([
    ["netns-drop", "ok"],
    ["freezer", "ok"],
    ["toxiproxy", "ok"],
    ["power-cut", "ok"],
  ]);
  expect(diagnosis.ready).toBe(true);
  const docker = await engine();
  const containers = await docker.listContainers({ all: true, filters: { label: ["blackstart.run"] } });
  expect(containers.filter((container) => container.Labels["blackstart.run"]?.startsWith("doctor-"))).toEqual([]);
});

test("the engine says what it is", async () => {
  expect(await engineFacts()).toMatchObject({ version: expect.stringMatching(/^\d+\./), storage: expect.any(String) });
});
