import type { Broken } from "../../archive.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { type Archiver, ARCHIVE_DIR } from "./archiver.ts";
import { type Shell, shellOn } from "./shell.ts";

/** What opens the archive, kept by the harness as a team would keep it in a safe: in memory alone, and in no evidence. */
export class Escrow {
  readonly #archiver: Archiver;
  #kept: Readonly<Record<string, string>> | null = null;

  constructor(archiver: Archiver) {
    this.#archiver = archiver;
  }

  keep(material: "all" | "without-passphrase"): string {
    const { files, withoutPassphrase } = this.#archiver;
    this.#kept = material === "all" ? files : (withoutPassphrase ?? files);
    return `${Object.keys(this.#kept).join(", ")}${material === "all" ? "" : ", without the passphrase"}`;
  }

  /** Lays out on a machine what was kept. */
  async open(on: Shell): Promise<void> {
    if (!this.#kept) throw new Error("nothing was put into safe keeping: add a routine escrow before");
    await layOut(on, this.#kept);
  }

  /** Proven on the machine: a recovery may have laid them out again by the time anybody asks, so it is asked at once. */
  async lose(node: Node): Promise<Broken> {
    const shell = shellOn(node);
    const { at: effective } = await bracket(async () => {
      const { code, stderr } = await node.exec(["rm", "-rf", "/blackstart/archive", ARCHIVE_DIR], {
        timeoutMs: 10_000,
      });
      if (code !== 0) throw new Error(`the files of ${node.name} could not be taken away: ${stderr.trim()}`);
    });
    const { code } = await shell.attempt('test -e "$1"', [ARCHIVE_DIR]);
    const proof = code === 0 ? `${ARCHIVE_DIR} is still there` : `${ARCHIVE_DIR} is gone from ${node.name}`;
    return {
      effective,
      effect: async () => ({ observed: code !== 0, proof }),
      heal: async () => {
        if ((await node.state()) === "running") await layOut(shell, this.#archiver.files);
      },
    };
  }
}

async function layOut(on: Shell, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files))
    await on.run('umask 077; mkdir -p "$1"; cat >"$1/$2"', [ARCHIVE_DIR, name], { stdin: content });
}
