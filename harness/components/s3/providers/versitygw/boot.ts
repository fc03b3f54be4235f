import { readFile } from "node:fs/promises";
import path from "node:path";
import type { StartStore } from "../../provider.ts";
import { LEDGER } from "../../client.ts";
import { providerOf } from "../../providers.ts";
import { damageCopies } from "../on-disk.ts";

const PORT = 7070;

export const start: StartStore = async ({ name, config, context, credentials, certificate }) => {
  const script = await readFile(path.join(import.meta.dirname, "boot.sh"), "utf8");
  const [{ image } = { image: "" }] = providerOf(config).nodes(config);
  const full = `${name}.server`;
  const secret = (file: string, content: string) => ({ path: `/blackstart/${file}`, content, mode: 0o600 });
  const settings = [
    `ROOT_ACCESS_KEY=${credentials.accessKeyId}`,
    `ROOT_SECRET_KEY=${credentials.secretAccessKey}`,
    ...(certificate ? ["VGW_CERT=/blackstart/tls.crt", "VGW_KEY=/blackstart/tls.key"] : []),
  ];
  const [node, paths] = await Promise.all([
    context.startNode({
      name: full,
      image,
      argv: ["sh", "/blackstart/boot.sh"],
      env: {},
      disk: "/blackstart/disk",
      files: [
        { path: "/blackstart/boot.sh", content: script, mode: 0o755 },
        secret("store.env", settings.map((line) => `${line}\n`).join("")),
        ...(certificate ? [secret("tls.crt", certificate.certPem), secret("tls.key", certificate.keyPem)] : []),
      ],
    }),
    context.openPaths(name, new Map([[full, PORT]]), full),
  ]);
  let version: string | undefined;
  return {
    nodes: new Map([[full, node]]),
    paths,
    doors: [full],
    sites: [full],
    async facts(_node, _at, timeoutMs) {
      version ??= await versionOf(node, timeoutMs);
      return { product: `versitygw ${version}`, sync: "never", write_quorum: "1 of 1", drives_online: "1" };
    },
    /** An object is a file, what is kept about it lies in the file's attributes: the two cannot be told apart by bytes. */
    async damage(keys, { part, copies }) {
      if (copies > 1) throw new Error(`${copies} drives are to be damaged and the store has one directory`);
      return damageCopies(
        keys.map((key) => ({ node, path: `/blackstart/disk/objects/${LEDGER}/${key}`, at: 0 })),
        part,
      );
    },
    async redundancy() {
      return { restored: true, detail: "the store stands on one directory" };
    },
  };
};

async function versionOf(node: import("../../../../node.ts").Node, timeoutMs: number): Promise<string> {
  const { stdout } = await node.exec(["versitygw", "--version"], { timeoutMs: Math.max(timeoutMs, 2_000) });
  return /Version\s*:\s*(\S+)/i.exec(stdout)?.[1] ?? stdout.trim().split("\n")[0] ?? "not said";
}
