import type { CommandModule } from "yargs";
import { keygen } from "../evidence/keys.ts";
import { print, say } from "./io.ts";

/** `keygen`: a key pair for signing evidence; stdout is the fingerprint to hand to those who verify. */
export const keygenCommand: CommandModule<object, { out: string; json?: string }> = {
  command: "keygen",
  describe: "Make a key pair for signing evidence (ECDSA P-256); overwrites nothing",
  builder: (yargs) =>
    yargs.option("out", {
      type: "string",
      requiresArg: true,
      default: "blackstart.pem",
      describe: "File of the private key",
    }),
  handler({ out, json }) {
    const made = keygen(out);
    say(
      `Private key ${made.key} (mode 0600): keep it off this repository; sign with BLACKSTART_SIGNING_KEY=${made.key}`,
    );
    say(
      `Public key ${made.publicKey}: give it, or the fingerprint below, to those who verify, by another way than the packs`,
    );
    print(json ? JSON.stringify({ schema: "blackstart/keygen/v1", ...made }, null, 2) : made.fingerprint);
  },
};
