import type { CommandModule } from "yargs";
import { refusal } from "../evidence/refusal.ts";
import { visible } from "../text.ts";
import { print } from "./io.ts";
import { type PinArguments, pinOptions, trustOf } from "./pins.ts";
import { packFolder } from "./report.ts";

interface Options extends PinArguments {
  readonly run: string;
  readonly key: string;
  readonly reports: string;
  readonly json?: string;
}

/** `sign-off`: a person approves a report that verifies, with an SSH key of their own. */
export const signOffCommand: CommandModule<object, Options> = {
  command: "sign-off <run>",
  describe: "Approve a report that verifies, with your own SSH key; not with the key that signed the drill",
  builder: (yargs) =>
    yargs
      .positional("run", { type: "string", demandOption: true, describe: "A run's name, or the folder of its pack" })
      .option("key", {
        type: "string",
        requiresArg: true,
        demandOption: true,
        describe: "Your SSH key, or its public half where an agent holds the key",
      })
      .options(pinOptions("; never one that came with the pack"))
      .option("reports", { type: "string", default: "reports", describe: "Folder of the runs" })
      .example(
        "$0 sign-off <run> --key ~/.ssh/id_ed25519 --public-key drill.pub.pem",
        "what does not verify is not signed",
      ) as never,
  async handler(options) {
    const dir = packFolder(options.run, options.reports);
    const { analyzePack } = await import("../analyze.ts");
    const { verifyPack } = await import("../evidence/verify.ts");
    const { signOff } = await import("../evidence/signoff.ts");
    const { ok, run, checks } = await verifyPack(dir, {
      ...(await trustOf(options, [dir])),
      recompute: analyzePack,
    });
    const failed = checks.find(({ outcome }) => outcome === "fail");
    if (!ok || run === null)
      throw refusal(`The pack does not verify, so it is not signed off: ${failed?.name}: ${failed?.detail}`);
    const file = await signOff(dir, run, options.key);
    print(
      options.json ? JSON.stringify({ schema: "blackstart/sign-off/v1", run, file }) : `signed off: ${visible(file)}`,
    );
  },
};
