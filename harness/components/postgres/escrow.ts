import type { Broken } from "../../archive.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { type Archiver, ARCHIVE_DIR } from "./archiver.ts";
import { type Shell, shellOn } from "./shell.ts";

/** Where a machine has them: what the server uses, and what it is laid out from at every start. */
const PLACES = [ARCHIVE_DIR, "/blackstart/archive"];

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
      const { code, stderr } = await node.exec(["rm", "-rf", ...PLACES], {
        timeoutMs: 10_000,
      });
      if (code !== 0) throw new Error(`the files of ${node.name} could not be taken away: ${stderr.trim()}`);
    });
    const left = (await shell.run('for f in "$@"; do if [ -e "$f" ]; then echo "$f"; fi; done', PLACES)).trim();
    const observed = left === "";
    const proof = observed ? `${PLACES.join(" and ")} are gone from ${node.name}` : `there is still ${left}`;
    return {
      effective,
      effect: async () => ({ observed, proof }),
      heal: async () => {
        if ((await node.state()) === "running") await layOut(shell, this.#archiver.files);
      },
    };
  }
}

/** What opens the archive by now: laid out for the server, and where the next start of the machine lays it out from. */
export async function renew(node: Node, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const argv = ["sh", "-euc", 'umask 077; cat >"/blackstart/archive/$1"', "sh", name];
    const { code, stderr } = await node.exec(argv, { timeoutMs: 10_000, stdin: content });
    if (code !== 0) throw new Error(`${node.name} could not be given another ${name}: ${stderr.trim()}`);
  }
  await layOut(shellOn(node), files);
}

/** Lays out what opens an archive; nobody but the server's user can read it at any moment. */
export async function layOut(on: Shell, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files))
    await on.run('umask 077; mkdir -p "$1"; cat >"$1/$2"', [ARCHIVE_DIR, name], { stdin: content });
}
