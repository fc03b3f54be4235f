import type { Sighting } from "../../archive.ts";
import { messageOf } from "../../errors.ts";
import type { NodeFacts } from "../../history.ts";
import type { Node } from "../../node.ts";
import { bracket, nowNs } from "../../time.ts";
import { within } from "../../wait.ts";
import type { Bench, Detector, Facts, Restored } from "./detector.ts";
import { detectors } from "./detectors.ts";
import { openForWork } from "./maintenance.ts";
import { type Shell, shellOn } from "./shell.ts";

/** A detector that takes longer is given up: the drill is over, and its report waits. */
const PATIENCE_MS = 30_000;

/** What the component knows when it is to be inspected. */
export interface Subject {
  readonly version: number;
  readonly segmentBytes: number;
  readonly serving: Node;
  /** Every machine of the component, in the order in which they may be worked on. */
  readonly nodes: readonly Node[];
  readonly archive: Bench["archive"];
  readonly signal: AbortSignal;
}

/** What was seen while the drill went on and is needed when its end is inspected, and the inspection itself. */
export class Inspection {
  #before: Facts | null = null;
  #after: Facts | null = null;
  #structure: Bench["structure"] = null;
  #restored: Restored | null = null;

  /** Facts of the node that serves; the last ones before the read-back are those of the last fault. */
  sawFacts(at: NodeFacts["at"], facts: Facts): void {
    if (at === "recovered") this.#after = facts;
    else this.#before = facts;
  }

  sawStructure(structure: NonNullable<Bench["structure"]>): void {
    this.#structure = structure;
  }

  sawRestore(restored: Restored): void {
    this.#restored = restored;
  }

  /** Side by side, then one by one those that stop the server. */
  async run(subject: Subject, told: (sighting: Sighting) => void): Promise<void> {
    const bench = this.#bench(subject);
    const asked = detectors.filter(({ ofArchive }) => subject.archive || !ofArchive);
    const look = async (detector: Detector) => told(await sighting(detector, bench));
    await Promise.all(asked.filter(({ last }) => !last).map(look));
    for (const detector of asked.filter(({ last }) => last)) {
      if (!subject.signal.aborted) await look(detector);
    }
  }

  #bench({ version, segmentBytes, serving, nodes, archive, signal }: Subject): Bench {
    const machine = once(() => machineOf([serving, ...nodes.filter((node) => node !== serving)], signal));
    return {
      version,
      segmentBytes,
      serving,
      archive,
      machine,
      names: once(async () => archive?.archiver.names() ?? []),
      backup: once(async () => this.#restored?.backup ?? (await archive?.archiver.list(await machine()))?.[0] ?? null),
      restored: this.#restored?.node === serving.name ? this.#restored : null,
      before: this.#before,
      after: this.#after,
      structure: this.#structure,
    };
  }
}

async function sighting(detector: Detector, bench: Bench): Promise<Sighting> {
  const fromNs = nowNs();
  try {
    const { value, at } = await bracket(() => within(PATIENCE_MS, detector.run(bench), "it did not end"));
    return { detector: detector.name, at, ...value };
  } catch (thrown) {
    return {
      detector: detector.name,
      noticed: "not-run",
      detail: messageOf(thrown),
      at: { fromNs, toNs: nowNs() },
    };
  }
}

/** The first that runs. Where none does, the first that can be started without its server. */
async function machineOf(nodes: readonly Node[], signal: AbortSignal): Promise<Shell> {
  for (const node of nodes) if ((await node.state()) === "running") return shellOn(node);
  let why = "the component has no machine";
  for (const node of nodes) {
    try {
      await openForWork(node, signal);
      return shellOn(node);
    } catch (thrown) {
      why = messageOf(thrown);
    }
  }
  throw new Error(`no machine is left to look from: ${why}`);
}

/** Asked by several, done once. */
function once<T>(act: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => (done ??= act());
}
