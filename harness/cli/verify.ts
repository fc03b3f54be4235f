import { realpathSync, statSync } from "node:fs";
import { sep } from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import { readPublicKey } from "../evidence/keys.ts";
import { refusal } from "../evidence/refusal.ts";
import { verifyPack, type Verification } from "../evidence/verify.ts";
import type { EvidenceClass, Report } from "../report.ts";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { finish, print, say } from "./io.ts";

interface VerifyArguments {
  readonly pack: string;
  readonly publicKey: readonly string[];
  readonly fingerprint: readonly string[];
  readonly class: EvidenceClass | undefined;
  readonly recompute: boolean;
  readonly ledger: string | undefined;
  readonly json?: string;
}

/** `verify <pack>`: exit 0 when every check that was asked for holds under a pinned key, 5 when not. */
export const verifyCommand: CommandModule<object, VerifyArguments> = {
  command: "verify <pack>",
  describe: "Check a signed pack against a key you trust",
  builder: (yargs) =>
    yargs
      .positional("pack", { type: "string", demandOption: true, describe: "The folder of the run" })
      .option("public-key", {
        type: "string",
        array: true,
        nargs: 1, // or the list would swallow the pack that follows it
        default: [],
        describe: "PEM file of a key you trust; never one that came with the pack",
      })
      .option("fingerprint", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "SHA-256 of such a key's SPKI, hex",
      })
      .option("class", {
        choices: ["attested", "development"] satisfies EvidenceClass[],
        describe: "What the pack must at least be",
      })
      .option("recompute", {
        type: "boolean",
        default: false,
        describe: "Derive every number again from the raw files",
      })
      .option("ledger", {
        type: "string",
        requiresArg: true,
        describe: "The run ledger's folder: checks that no run is missing",
      })
      .example("$0 verify reports/<run> --public-key drill.pub.pem --recompute", "trust nobody but the key") as never,
  async handler(argv) {
    const dir = packFolder(argv.pack);
    const keys = argv.publicKey.map((file) => trustedKey(file, dir));
    const verification = await verifyPack(dir, {
      publicKeys: [...keys, ...argv.fingerprint.map(fingerprint)],
      requireClass: argv.class,
      recompute: argv.recompute ? recompute : undefined,
      ledgerDir: argv.ledger,
    });
    if (argv.json) print(JSON.stringify({ schema: "blackstart/verification/v1", ...verification }, null, 2));
    else {
      print(table(verification));
      say(conclusion(verification));
    }
    finish(verification.ok ? EXIT.met : EXIT.unverified);
  },
};

function packFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return realpathSync(path);
  throw usage(`${visible(path)} is not a folder`, "name the folder of a run, such as reports/<run>");
}

/** A key that lies in the pack is the attacker's choice, whoever the attacker is. */
export function trustedKey(file: string, dir: string): ReturnType<typeof readPublicKey> {
  const key = readPublicKey(file);
  if (!realpathSync(file).startsWith(`${dir}${sep}`)) return key;
  throw refusal(
    `The public key ${visible(file)} lies in the pack: whoever changed the pack could have put it there`,
    "get the key from the owner of the drills by another way",
  );
}

export function fingerprint(text: string): string {
  const hex = text.toLowerCase().replaceAll(":", "");
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw usage(
    `The fingerprint ${visible(text)} is not 64 hexadecimal digits`,
    "openssl pkey -pubin -in KEY -outform DER | sha256sum",
  );
}

/** The evaluator is only loaded when it is asked for. */
async function recompute(dir: string): Promise<Report> {
  const { analyzePack } = await import("../analyze.ts");
  return analyzePack(dir);
}

const WORDS = { ok: "ok", fail: "FAIL", "not-checked": "-" } as const;

const table = ({ checks }: Verification): string =>
  checks.map(({ name, outcome, detail }) => `${WORDS[outcome].padEnd(5)} ${name.padEnd(13)} ${detail}`).join("\n");

function conclusion({ ok, run, class: evidenceClass, verdict, checks }: Verification): string {
  if (ok) return `Verified: ${visible(String(run))}, evidence class ${evidenceClass}, verdict ${verdict}`;
  const failed = checks.filter((check) => check.outcome === "fail").map((check) => check.name);
  const next = failed.includes("key")
    ? "give a key you trust with --public-key or --fingerprint"
    : "keep the pack as it is and ask its owner for the original";
  return `NOT VERIFIED (${failed.join(", ")}): ${next}`;
}
