import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type Docker from "dockerode";
import { BlackstartError, messageOf, notReady } from "../errors.ts";
import { within } from "../wait.ts";
import { engine } from "./connect.ts";
import { importBase } from "./debootstrap.ts";
import { hostCertificates, onThisHost, proxySettings } from "./host-network.ts";
import { fetchPackages } from "./packages.ts";
import { builtReference, contextFiles, recipes, type Dockerfile, type Recipe } from "./recipes.ts";

export interface ResolvedImage {
  /** The name it was asked for: one of ours, or the user's own reference. */
  readonly name: string;
  /** What to hand to the engine. */
  readonly reference: string;
  readonly id: string;
  /** Only where it came from a registry. */
  readonly digest: string | null;
  readonly origin: "local" | "pulled" | "built";
}

export interface ListedImage {
  readonly name: string;
  readonly summary: string;
  readonly reference: string;
  readonly present: boolean;
  /** Where it came from, local: loaded or tagged here by hand; for one that is absent, where it would be looked for first. */
  readonly origin: "pulled" | "built" | "local";
  readonly id: string | null;
  readonly digest: string | null;
  readonly bytes: number | null;
  /** Whether it is built where no registry has it; one that cannot be is to be pulled or not to be had. */
  readonly buildable: boolean;
  /** What else there is to do, for one that can only be pulled. */
  readonly otherwise: string | null;
}

type Progress = (line: string) => void;

/** Time a registry has to answer at all; a pull that has begun may take as long as it likes. */
const REGISTRY_ANSWER_MS = 10_000;
/** Time it has to say whether it has an image: a choice that hangs on it must not hold a plan up. */
const REGISTRY_OFFER_MS = 5_000;
const HEARTBEAT_MS = 10_000;
const TAIL_LINES = 15;

/** Why a registry (by host) cannot be reached; found out once a process. */
const unreachable = new Map<string, string>();

/** Sees to it that all images are there, side by side: already on this machine, else pulled, else built. */
export async function resolveImages(
  names: readonly string[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Map<string, ResolvedImage>> {
  const docker = await engine();
  // The first failure stops the others, and all have ended when it is reported.
  const stop = new AbortController();
  const resolver = new Resolver(docker, progress, AbortSignal.any([signal, stop.signal]));
  const failures: unknown[] = [];
  const images = await Promise.all(
    [...new Set(names)].map((name) =>
      resolver.resolve(name).catch((error: unknown) => {
        failures.push(error);
        stop.abort();
        return undefined;
      }),
    ),
  );
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return new Map(images.filter((image) => image !== undefined).map((image) => [image.name, image]));
}

/** Whether all of them could be had: each is on this machine, can be built, or a registry says it has it. Nothing is pulled. */
export async function obtainable(names: readonly string[]): Promise<boolean> {
  const docker = await engine();
  const answers = await Promise.all(names.map((name) => couldBeHad(docker, name)));
  return answers.every(Boolean);
}

async function couldBeHad(docker: Docker, name: string): Promise<boolean> {
  const recipe = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
  if (recipe?.build) return true;
  const reference = recipe?.pull ?? name;
  if (await inspectFirst(docker, [reference])) return true;
  if (unreachable.has(registryOf(reference))) return false;
  try {
    await within(REGISTRY_OFFER_MS, docker.getImage(withTag(reference)).distribution(), "no answer");
    return true;
  } catch (error) {
    refusalOf(reference, error); // so that a registry that does not answer is asked once
    return false;
  }
}

/** Every image of ours and whether it is on this machine. */
export async function listImages(): Promise<ListedImage[]> {
  const docker = await engine();
  return Promise.all(Object.entries(recipes).map(([name, recipe]) => listed(docker, name, recipe)));
}

async function listed(docker: Docker, name: string, recipe: Recipe): Promise<ListedImage> {
  const found = await inspectFirst(docker, references(name, recipe));
  const reference = found?.reference ?? recipe.pull ?? builtReference(name);
  const digest = found ? digestOf(found.info) : null;
  const pulled = found && digest === null ? "local" : "pulled";
  return {
    name,
    summary: recipe.summary,
    reference,
    present: found !== undefined,
    origin: reference === recipe.pull ? pulled : "built",
    id: found?.info.Id ?? null,
    digest,
    bytes: found?.info.Size ?? null,
    buildable: recipe.build !== undefined,
    otherwise: recipe.otherwise ?? null,
  };
}

/** The names under which an image of ours may be on this machine, the pinned one first. */
const references = (name: string, { pull, build }: Recipe): string[] => [
  ...(pull ? [pull] : []),
  ...(build ? [builtReference(name)] : []),
];

/** One call of `resolveImages`: what two images need is made once. */
class Resolver {
  readonly #docker: Docker;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  readonly #begun = new Map<string, Promise<ResolvedImage>>();

  constructor(docker: Docker, progress: Progress, signal: AbortSignal) {
    this.#docker = docker;
    this.#progress = progress;
    this.#signal = signal;
  }

  resolve(name: string): Promise<ResolvedImage> {
    const begun = this.#begun.get(name) ?? (Object.hasOwn(recipes, name) ? this.#ours(name) : this.#users(name));
    this.#begun.set(name, begun);
    return begun;
  }

  async #ours(name: string): Promise<ResolvedImage> {
    const recipe = recipes[name]!;
    const local = await inspectFirst(this.#docker, references(name, recipe));
    if (local) return resolved(name, local, "local");
    const refusal = recipe.pull ? await this.#pull(name, recipe.pull) : "no registry has it";
    if (recipe.pull && refusal === null) return this.#found(name, recipe.pull, "pulled");
    if (recipe.build) return this.#build(name, recipe.build, refusal ?? "");
    const ways = [
      "name an image of your own with image: on the component",
      `docker load one and docker tag it ${recipe.pull}`,
      ...(recipe.otherwise ? [recipe.otherwise] : []),
    ];
    throw cannotBeHad(recipe.pull!, refusal ?? "", ways.join("; or "));
  }

  async #users(reference: string): Promise<ResolvedImage> {
    const local = await inspectFirst(this.#docker, [reference]);
    if (local) return resolved(reference, local, "local");
    const refusal = await this.#pull(reference, reference);
    if (refusal === null) return this.#found(reference, reference, "pulled");
    throw cannotBeHad(
      reference,
      refusal,
      `docker pull ${reference} or docker load it first, or name one of ours: ${Object.keys(recipes).join(", ")}`,
    );
  }

  /** null when the image is here now, else why it cannot be pulled. */
  async #pull(name: string, reference: string): Promise<string | null> {
    const known = unreachable.get(registryOf(reference));
    if (known !== undefined) return known;
    try {
      const stream = await this.#askRegistry(reference);
      await this.#follow(name, `pulling ${reference}`, "pulled", () => Promise.resolve(stream));
      return null;
    } catch (error) {
      this.#signal.throwIfAborted();
      return refusalOf(reference, error);
    }
  }

  /** The engine answers when the registry has answered it, which may be never. */
  async #askRegistry(reference: string): Promise<NodeJS.ReadableStream> {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`no answer within ${REGISTRY_ANSWER_MS / 1000} s`)),
      REGISTRY_ANSWER_MS,
    );
    try {
      return await this.#docker.pull(withTag(reference), { abortSignal: AbortSignal.any([late.signal, this.#signal]) });
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #build(name: string, build: NonNullable<Recipe["build"]>, why: string): Promise<ResolvedImage> {
    const reference = builtReference(name);
    if ("suite" in build) {
      await this.#follow(name, `making ${reference} with debootstrap (${why})`, "made", (step) =>
        importBase(this.#docker, build.suite, reference, step, this.#signal),
      );
      return this.#found(name, reference, "built");
    }
    const needed = await Promise.all(
      Object.entries(build.images).map(async ([arg, image]) => [arg, (await this.resolve(image)).reference] as const),
    );
    await using context = await buildContext(build);
    const proxies = proxySettings(process.env);
    const buildargs = { ...proxies, ...build.args, ...Object.fromEntries(needed) };
    await this.#follow(name, `building ${reference} (${why})`, "built", async (step) => {
      await fetchPackages(build, context.path, {
        docker: this.#docker,
        pip: async () => (await this.resolve("pip")).reference,
        step,
        signal: this.#signal,
      });
      return this.#docker.buildImage(
        { context: context.path, src: ["."] },
        {
          t: reference,
          buildargs,
          forcerm: true,
          labels: { "blackstart.image": name },
          abortSignal: this.#signal,
          ...(onThisHost(proxies) ? { networkmode: "host" } : {}),
        },
      );
    });
    return await this.#found(name, reference, "built");
  }

  async #found(name: string, reference: string, origin: ResolvedImage["origin"]): Promise<ResolvedImage> {
    const found = await inspectFirst(this.#docker, [reference]);
    if (!found)
      throw notReady(
        `the engine lost the image ${reference} just after it was ${origin}`,
        "is something pruning images on this machine? Run it again",
      );
    return resolved(name, found, origin);
  }

  /** Says what begins, a heartbeat with the last step while it goes on, and how it ended. */
  async #follow(
    name: string,
    begins: string,
    ended: string,
    start: (step: Progress) => Promise<NodeJS.ReadableStream>,
  ): Promise<void> {
    const startedMs = performance.now();
    const seconds = () => `${Math.round((performance.now() - startedMs) / 1000)} s`;
    let step = "";
    const tail: string[] = [];
    const heartbeat = setInterval(
      () => this.#progress(`image ${name}: ${seconds()}${step && `, ${step}`}`),
      HEARTBEAT_MS,
    );
    this.#progress(`image ${name}: ${begins}`);
    try {
      const stream = await start((line) => (step = line));
      for await (const line of outputLines(stream)) {
        if (/^Step |^[A-Z][a-z]+ing /.test(line)) step = line.slice(0, 100);
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof BlackstartError) throw error;
      throw notReady(
        `image ${name}: ${messageOf(error)}${tail.map((line) => `\n  ${line}`).join("")}`,
        "the lines above are the end of its output; network, proxy settings and the host's CA bundle are the usual causes",
        error,
      );
    } finally {
      clearInterval(heartbeat);
    }
    this.#progress(`image ${name}: ${ended} in ${seconds()}`);
  }
}

/** What the engine says while it pulls, builds or imports. An error arrives as a line too: it is thrown. */
export async function* outputLines(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const complete = rest.split("\n");
    rest = complete.pop() ?? "";
    for (const json of complete.filter((line) => line.trim() !== "")) {
      const event = JSON.parse(json) as { stream?: string; status?: string; error?: string };
      if (event.error) throw new Error(event.error);
      const text = stripVTControlCharacters(event.stream ?? event.status ?? "");
      yield* text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith(" ---> "));
    }
  }
}

const resolved = (name: string, found: Inspected, origin: ResolvedImage["origin"]): ResolvedImage => ({
  name,
  reference: found.reference,
  id: found.info.Id,
  digest: digestOf(found.info),
  origin,
});

interface Inspected {
  readonly reference: string;
  readonly info: Docker.ImageInspectInfo;
}

async function inspectFirst(docker: Docker, candidates: readonly string[]): Promise<Inspected | undefined> {
  for (const reference of candidates) {
    try {
      return { reference, info: await docker.getImage(reference).inspect() };
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }
  return undefined;
}

const digestOf = (info: Docker.ImageInspectInfo): string | null => info.RepoDigests?.[0]?.split("@")[1] ?? null;

/** The registry that a reference names; a first part without a dot, a colon or localhost is a path on the default one. */
export function registryOf(reference: string): string {
  const first = reference.split("/")[0]!;
  return reference.includes("/") && (/[.:]/.test(first) || first === "localhost") ? first : "default";
}

const withTag = (reference: string): string => (/[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`);

const cannotBeHad = (reference: string, refusal: string, hint: string): BlackstartError =>
  notReady(`the image ${reference} is not on this machine and cannot be pulled: ${refusal}`, hint);

/** Why a registry gave nothing. One that does not answer is remembered. */
function refusalOf(reference: string, error: unknown): string {
  if (!isUnreachable(error)) return reasonOf(error);
  const reason = `no registry answers: ${reasonOf(error)}`;
  unreachable.set(registryOf(reference), reason);
  return reason;
}

/** The engine's reason without the wrapping of the libraries it passed through. */
const reasonOf = (error: unknown): string =>
  messageOf(error)
    .replace(/^\(HTTP code \d+\) [a-z ]+- /, "")
    .replace(/^(Get|Head) "[^"]*": /, "")
    .trim();

/** A registry that answers "no" is another matter than one that does not answer. */
const isUnreachable = (error: unknown): boolean => {
  const { statusCode } = error as { statusCode?: number };
  return (
    statusCode === undefined ||
    (statusCode >= 500 &&
      /no such host|dial tcp|timeout|refused|unreachable|certificate|EOF|no answer/i.test(messageOf(error)))
  );
};

/** The recipe's files and the host's CA bundle in a folder of their own. */
async function buildContext(build: Dockerfile): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "blackstart-build-"));
  await Promise.all([...contextFiles(build)].map(([name, file]) => copyFile(file, join(path, name))));
  await writeFile(join(path, "host-ca.crt"), hostCertificates(process.env));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
