import { existsSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BlackstartError, messageOf } from "../errors.ts";
import type { HostNeed } from "../fault.ts";
import { faultKinds } from "../faults.ts";
import { clockSynchronised, preload } from "./clock.ts";
import { engineFacts, type EngineFacts } from "./connect.ts";
import { listImages, type ListedImage } from "./images.ts";
import { probeNeeds, type NeedProbe } from "./needs.ts";
import { probePowerCut } from "./power-probe.ts";
import { leftovers, type Leftovers } from "./sweep.ts";

export interface Check {
  readonly area: "engine" | "node" | "need" | "fault" | "image" | "disk" | "clock" | "leftovers";
  readonly name: string;
  /** missing: a drill could not run, or not with this fault. */
  readonly state: "ok" | "warn" | "missing";
  readonly detail: string;
  readonly fix: string | null;
}

export interface Diagnosis {
  /** Whether a drill could run on this machine; faults that it cannot do are listed and do not count. */
  readonly ready: boolean;
  readonly checks: readonly Check[];
}

const OLDEST_NODE = 24;
/** A first drill's images take 1.2 GB; a report some MB. */
const DISK_WARN_BYTES = 5e9;
const DISK_MISSING_BYTES = 1.5e9;

/** Looks at everything a drill relies on, and really tries what the faults need. Leaves nothing behind. */
export async function diagnose(options: { reports: string }, signal: AbortSignal): Promise<Diagnosis> {
  const checks: Check[] = [nodeCheck(process.versions.node)];
  try {
    const facts = await engineFacts();
    const images = await listImages();
    checks.push(engineCheck(facts), ...images.map(imageCheck), ...(await needChecks(images, signal)));
    checks.push(...diskChecks(facts, options.reports), leftoversCheck(await leftovers()));
  } catch (error) {
    signal.throwIfAborted();
    checks.push(noEngine(error), ...diskChecks(null, options.reports));
  }
  checks.push(await clockCheck());
  return { ready: !checks.some(stopsEveryDrill), checks };
}

/** A drill without the faults that lack something can still run; one without its proxy cannot. */
const stopsEveryDrill = ({ state, area, name }: Check): boolean =>
  state === "missing" && area !== "fault" && (area !== "need" || name === "toxiproxy");

const ok = (area: Check["area"], name: string, detail: string): Check => ({
  area,
  name,
  state: "ok",
  detail,
  fix: null,
});

function nodeCheck(version: string): Check {
  if (Number(version.split(".")[0]) >= OLDEST_NODE) return ok("node", "Node", version);
  return {
    area: "node",
    name: "Node",
    state: "missing",
    detail: `${version} is too old`,
    fix: `run ./blackstart, which brings Node ${OLDEST_NODE}`,
  };
}

const engineCheck = (facts: EngineFacts): Check =>
  ok(
    "engine",
    "engine",
    `${facts.version} (API ${facts.apiVersion}) on ${facts.os}, ${facts.storage}, cgroup ${facts.cgroup}, at ${facts.address}`,
  );

const noEngine = (error: unknown): Check => ({
  area: "engine",
  name: "engine",
  state: "missing",
  detail: messageOf(error),
  fix:
    (error instanceof BlackstartError && error.hint) ||
    "the engine answers but cannot do this; docker run must work by hand first",
});

export function imageCheck(image: ListedImage): Check {
  if (image.present)
    return ok("image", image.name, `${image.reference}, ${image.origin}, ${gigabytes(image.bytes ?? 0)}`);
  if (!image.buildable)
    return {
      area: "image",
      name: image.name,
      state: "warn",
      detail: `not here, and it cannot be built: a drill that needs it has to pull ${image.reference}`,
      fix: [`blackstart images build ${image.name} pulls it now; or name your own with image:`, image.otherwise]
        .filter(Boolean)
        .join(", or "),
    };
  const how = image.origin === "pulled" ? "pulled where a registry answers, else built" : "built";
  return ok("image", image.name, `not here yet; ${how} when a drill first needs it`);
}

async function needChecks(images: readonly ListedImage[], signal: AbortSignal): Promise<Check[]> {
  const here = (name: string) => images.find((image) => image.name === name && image.present)?.reference;
  const [proxy, power] = [here("proxy"), here("power")];
  if (!proxy) return [untried("needs of the faults", "proxy")];
  const probes = await probeNeeds(proxy, signal);
  signal.throwIfAborted();
  if (power) probes.push(await probePowerCut(power));
  const checks = probes.map(needCheck);
  if (!power) checks.push(untried("power-cut", "power"));
  return [...checks, ...faultChecks(probes)];
}

const untried = (name: string, image: string): Check => ({
  area: "need",
  name,
  state: "warn",
  detail: `cannot be tried before the image ${image} is here`,
  fix: `blackstart images build ${image}`,
});

const needCheck = ({ need, ok: works, detail, fix }: NeedProbe): Check => ({
  area: "need",
  name: need,
  state: works ? "ok" : "missing",
  detail,
  fix,
});

/** Which faults this machine can do, from what its needs came to. */
export function faultChecks(probes: readonly NeedProbe[]): Check[] {
  const outcome = new Map<HostNeed, boolean>(probes.map((probe) => [probe.need, probe.ok]));
  return faultKinds.map((fault) => {
    const missing = fault.needs.filter((need) => outcome.get(need) === false);
    const open = fault.needs.filter((need) => !outcome.has(need));
    if (missing.length === 0 && open.length > 0)
      return {
        area: "fault",
        name: fault.name,
        state: "warn",
        detail: `needs ${open.join(", ")}, which was not tried`,
        fix: "see there",
      };
    if (missing.length === 0)
      return ok(
        "fault",
        fault.name,
        fault.needs.length > 0 ? `needs ${fault.needs.join(", ")}` : "needs nothing beside the engine",
      );
    return {
      area: "fault",
      name: fault.name,
      state: "missing",
      detail: `needs ${missing.join(", ")}, which does not work here`,
      fix: "see there",
    };
  });
}

function diskChecks(facts: EngineFacts | null, reports: string): Check[] {
  const checks = [diskCheck("reports folder", nearestExisting(reports))];
  // Behind a virtual machine or on another host the engine's data root is no folder of this machine.
  if (facts?.address.startsWith("unix://") && existsSync(facts.dataRoot))
    checks.push(diskCheck("engine's data root", facts.dataRoot));
  return checks;
}

function nearestExisting(path: string): string {
  const absolute = resolve(path);
  return existsSync(absolute) ? absolute : nearestExisting(dirname(absolute));
}

function diskCheck(name: string, path: string): Check {
  const { bavail, bsize } = statfsSync(path);
  return freeSpace(name, path, bavail * bsize);
}

export function freeSpace(name: string, path: string, bytes: number): Check {
  const detail = `${gigabytes(bytes)} free at ${path}`;
  if (bytes >= DISK_WARN_BYTES) return ok("disk", name, detail);
  return {
    area: "disk",
    name,
    state: bytes < DISK_MISSING_BYTES ? "missing" : "warn",
    detail,
    fix: `free at least ${gigabytes(DISK_WARN_BYTES)} there (docker system df shows what the engine holds)`,
  };
}

async function clockCheck(): Promise<Check> {
  const faked = preload(process.env);
  if (faked) {
    return {
      area: "clock",
      name: "clock",
      state: "warn",
      detail: `${faked} is loaded into every process and may fake the time`,
      fix: "unset LD_PRELOAD and FAKETIME; a verdict under a faked clock is unknown",
    };
  }
  const synchronised = await clockSynchronised();
  if (synchronised) return ok("clock", "clock", "synchronised");
  const detail = synchronised === null ? "nothing here says whether it is synchronised" : "not synchronised";
  return {
    area: "clock",
    name: "clock",
    state: "warn",
    detail,
    fix: "run chrony or systemd-timesyncd; durations are not affected, the times of day in a report are only labels",
  };
}

function leftoversCheck(found: readonly Leftovers[]): Check {
  const dead = found.filter((run) => !run.alive && !run.run.startsWith("doctor-"));
  if (dead.length === 0) return ok("leftovers", "leftovers", "none");
  const detail = dead
    .map(
      (run) =>
        `${run.run}: ${run.containers.length} containers, ${run.volumes.length} volumes, ${run.networks.length} networks`,
    )
    .join("; ");
  return { area: "leftovers", name: "leftovers", state: "warn", detail, fix: "blackstart cleanup" };
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;
