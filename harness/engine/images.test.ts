import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hostCertificates, outputLines, proxySettings, registryOf } from "./images.ts";
import { builtReference, contextFiles, recipes } from "./recipes.ts";

describe("recipes", () => {
  test.each(Object.keys(recipes))("%s has a tag of its own that a change of its recipe would change", (name) => {
    expect(builtReference(name)).toMatch(
      new RegExp(`^blackstart/${name}:${recipes[name]!.version.replaceAll(".", "\\.")}-[0-9a-f]{10}$`),
    );
    expect(builtReference(name)).toBe(builtReference(name));
  });

  test("every Dockerfile is there, and needs only images that have a recipe", () => {
    for (const { build } of Object.values(recipes)) {
      if ("suite" in build) continue;
      expect([...contextFiles(build).keys()]).toContain("Dockerfile");
      for (const needed of Object.values(build.images)) expect(recipes).toHaveProperty(needed);
    }
  });

  test("a program in Go brings its own go.mod and go.sum to the shared Dockerfile", () => {
    const { build } = recipes["toxiproxy"]!;
    expect("folders" in build && [...contextFiles(build).keys()].toSorted()).toEqual([
      "Dockerfile",
      "go.mod",
      "go.sum",
    ]);
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
