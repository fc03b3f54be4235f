import { existsSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import type { Check } from "../evidence/checks.ts";
import { PERIOD, verifyPeriod } from "../evidence/period.ts";
import { verifyPack, type Verification } from "../evidence/verify.ts";
import type { EvidenceClass, Report } from "../report.ts";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { finish, print, say } from "./io.ts";
import { type PinArguments, pinOptions, pinsOf, signersOf, trustOf } from "./pins.ts";

interface VerifyArguments extends PinArguments {
  readonly pack: string;
  readonly class: EvidenceClass | undefined;
  readonly recompute: boolean;
  readonly ledger: string | undefined;
  readonly allowedSigners: string | undefined;
  readonly json?: string;
}

/** `verify <pack>`: exit 0 when every check that was asked for holds under a pinned key, 5 when not. */
export const verifyCommand: CommandModule<object, VerifyArguments> = {
  command: "verify <pack>",
  describe: "Check a signed pack against a key you trust",
  builder: (yargs) =>
    yargs
      .positional("pack", { type: "string", demandOption: true, describe: "The folder of the run" })
      .options(pinOptions("; never one that came with the pack"))
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
      .option("allowed-signers", {
        type: "string",
        requiresArg: true,
        describe: "File of those who may sign off and accept risks (ssh-keygen(1)): one must have signed off",
      })
      .example("$0 verify reports/<run> --public-key drill.pub.pem --recompute", "trust nobody but the key") as never,
  async handler(argv) {
    const dir = packFolder(argv.pack);
    if (existsSync(join(dir, PERIOD.bundle))) return tellPeriod(argv, dir);
    const verification = await verifyPack(dir, {
      ...(await trustOf(argv, [dir])),
      requireClass: argv.class,
      recompute: argv.recompute ? recompute : undefined,
      ledgerDir: argv.ledger,
      allowedSigners: signersOf("--allowed-signers", argv.allowedSigners, [dir]),
    });
    if (argv.json) print(JSON.stringify({ schema: "blackstart/verification/v1", ...verification }, null, 2));
    else {
      print(table(verification));
      say(conclusion(verification));
    }
    finish(verification.ok ? EXIT.met : EXIT.unverified);
  },
};

/** A period report is signed as a folder of its own; what it says of a run is checked with the run's pack. */
async function tellPeriod(argv: VerifyArguments, dir: string): Promise<void> {
  const asked = [
    argv.class && "--class",
    argv.recompute && "--recompute",
    argv.ledger !== undefined && "--ledger",
  ].find(Boolean);
  if (asked)
    throw usage(
      `${asked} is for a pack, and ${visible(dir)} is a period report`,
      "make the report again with blackstart period",
    );
  const { ok, checks, statement } = await verifyPeriod(dir, pinsOf(argv, [dir]));
  if (argv.json) print(JSON.stringify({ schema: "blackstart/period-verification/v1", ok, checks, statement }, null, 2));
  else {
    print(table({ checks }));
    say(
      ok
        ? `Verified: period report of ${visible(statement!.span.name)}, evidence class ${statement!.class}`
        : notVerified(checks),
    );
  }
  finish(ok ? EXIT.met : EXIT.unverified);
}

function packFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return realpathSync(path);
  throw usage(`${visible(path)} is not a folder`, "name the folder of a run, such as reports/<run>");
}

/** The evaluator is only loaded when it is asked for. */
async function recompute(dir: string): Promise<Report> {
  const { analyzePack } = await import("../analyze.ts");
  return analyzePack(dir);
}

const WORDS = { ok: "ok", fail: "FAIL", "not-checked": "-" } as const;

const table = ({ checks }: { readonly checks: readonly Check[] }): string =>
  checks.map(({ name, outcome, detail }) => `${WORDS[outcome].padEnd(5)} ${name.padEnd(13)} ${detail}`).join("\n");

function conclusion({ ok, run, class: evidenceClass, verdict, checks }: Verification): string {
  if (ok) return `Verified: ${visible(String(run))}, evidence class ${evidenceClass}, verdict ${verdict}`;
  return notVerified(checks);
}

function notVerified(checks: readonly Check[]): string {
  const failed = checks.filter((check) => check.outcome === "fail").map((check) => check.name);
  const next = failed.includes("key")
    ? "give a key you trust with --public-key or --fingerprint"
    : "keep the pack as it is and ask its owner for the original";
  return `NOT VERIFIED (${failed.join(", ")}): ${next}`;
}
