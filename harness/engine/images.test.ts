import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EXIT } from "../verdict.ts";
import { hostCertificates, proxySettings } from "./host-network.ts";
import { listImages, obtainable, outputLines, registryOf, resolveImages } from "./images.ts";
import { builtReference, contextFiles, recipes } from "./recipes.ts";

const local = new Set<string>();
const offered = new Set<string>();
afterEach(() => {
  local.clear();
  offered.clear();
});

/** An engine that has the `local` images, and a registry that offers others and says no to the rest. */
vi.mock("./connect.ts", () => {
  const refuse = () => Promise.reject(Object.assign(new Error("manifest unknown"), { statusCode: 404 }));
  return {
    engine: async () => ({
      getImage: (reference: string) => ({
        inspect: () => (local.has(reference) ? Promise.resolve({ Id: "sha256:1" }) : refuse()),
        distribution: () => (offered.has(reference) ? Promise.resolve({}) : refuse()),
      }),
      pull: refuse,
    }),
  };
});

const built = Object.entries(recipes).filter(([, { build }]) => build !== undefined);
const onlyPulled = Object.entries(recipes).filter(([, { build }]) => build === undefined);

describe("recipes", () => {
  test.each(built.map(([name]) => name))("%s has a tag of its own that a change of its recipe would change", (name) => {
    expect(builtReference(name)).toMatch(
      new RegExp(`^blackstart/${name}:${recipes[name]!.version.replaceAll(".", "\\.")}-[0-9a-f]{10}$`),
    );
    expect(builtReference(name)).toBe(builtReference(name));
  });

  test("every Dockerfile is there, and needs only images that have a recipe", () => {
    for (const [, { build }] of built) {
      if (!build || "suite" in build) continue;
      expect([...contextFiles(build).keys()]).toContain("Dockerfile");
      for (const needed of Object.values(build.images)) expect(recipes).toHaveProperty(needed);
    }
  });

  test.each(["toxiproxy", "versitygw-program", "k6-program"])(
    "%s, in Go, brings its own pins to its Dockerfile",
    (name) => {
      const { build } = recipes[name]!;
      expect(build && "folders" in build && [...contextFiles(build).keys()].toSorted()).toEqual([
        "Dockerfile",
        "go.mod",
        "go.sum",
      ]);
    },
  );
});

describe("an image that is never built", () => {
  test.each(onlyPulled)("%s keeps its publisher's reference, a pinned one", (name, { pull }) => {
    expect(builtReference(name)).toBe(pull);
    expect(pull).toMatch(/:[^/]*\d[^/]*$/);
  });

  test("where it cannot be had: exit 6, why, and each way out", async () => {
    const reference = builtReference("minio");
    await expect(resolveImages(["minio"], () => undefined, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      exitCode: EXIT.notReady,
      message: `the image ${reference} is not on this machine and cannot be pulled: manifest unknown`,
      hint: `name an image of your own with image: on the component; or docker load one and docker tag it ${reference}; or use provider ceph`,
    });
  });

  test("where someone tagged one under its name, that is it", async () => {
    local.add(builtReference("minio"));
    const images = await resolveImages(["minio"], () => expect.unreachable(), AbortSignal.timeout(5_000));
    expect(images.get("minio")).toMatchObject({ reference: builtReference("minio"), origin: "local", digest: null });
    const listed = (await listImages()).filter(({ present }) => present);
    expect(listed).toMatchObject([{ name: "minio", origin: "local", digest: null }]);
  });
});

describe("whether images could be had", () => {
  test("what we can build always can", async () => {
    expect(await obtainable(["ceph", "proxy"])).toBe(true);
  });

  test("what can only be pulled: where it is here, or a registry offers it", async () => {
    expect(await obtainable(["ceph", "minio"])).toBe(false);
    offered.add(builtReference("minio"));
    expect(await obtainable(["ceph", "minio"])).toBe(true);
    offered.clear();
    local.add(builtReference("minio"));
    expect(await obtainable(["minio"])).toBe(true);
  });

  test("one of the user's own, the newest where no tag is named", async () => {
    offered.add("store.example/mine:latest");
    expect(await obtainable(["store.example/mine"])).toBe(true);
    expect(await obtainable(["store.example/mine", "store.example/other:1"])).toBe(false);
  });
});

test.each([
  ["postgres:17.6-trixie", "default"],
  ["library/postgres", "default"],
  ["ghcr.example/spilo/spilo:3", "ghcr.example"],
  ["localhost/spilo", "localhost"],
  ["registry:5000/spilo", "registry:5000"],
  ["postgres", "default"],
])("the registry of %s is %s", (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});

test("a build gets the host's proxy settings and nothing else of its environment", () => {
  const env = {
    HTTPS_PROXY: "http://proxy:3128",
    no_proxy: "localhost",
    HTTP_PROXY: "",
    SECRET: "x",
    GOPROXY: undefined,
  };
  expect(proxySettings(env)).toEqual({ HTTPS_PROXY: "http://proxy:3128", no_proxy: "localhost" });
});

test("a build gets the host's CA bundle once, and none where none is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "blackstart-test-"));
  const bundle = join(folder, "ca.pem");
  writeFileSync(bundle, "certificate\n");
  try {
    expect(hostCertificates({ SSL_CERT_FILE: bundle, NODE_EXTRA_CA_CERTS: bundle })).toBe("certificate\n");
    expect(hostCertificates({ SSL_CERT_FILE: join(folder, "absent") })).toBe("");
    expect(hostCertificates({})).toBe("");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const bytes = (text: string, at: number) => {
  const whole = new TextEncoder().encode(text);
  return [whole.slice(0, at), whole.slice(at)];
};
async function collect(chunks: Uint8Array[]): Promise<string[]> {
  async function* stream() {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const line of outputLines(stream())) lines.push(line);
  return lines;
}

describe("the engine's output", () => {
  test("survives being cut anywhere, inside a character too, and loses its colours", async () => {
    const text =
      '{"stream":"Step 1/2 : RUN é\\n"}\r\n{"stream":" ---> Using cache\\n"}\n{"status":"\\u001b[91mPulling\\u001b[0m"}\n';
    for (let at = 0; at < text.length; at++) {
      expect(await collect(bytes(text, at))).toEqual(["Step 1/2 : RUN é", "Pulling"]);
    }
  });

  test("an error in it is thrown: the engine answers 200 and fails afterwards", async () => {
    await expect(collect(bytes('{"stream":"Step 1/2"}\n{"error":"returned a non-zero code: 3"}\n', 5))).rejects.toThrow(
      "returned a non-zero code: 3",
    );
  });
});
