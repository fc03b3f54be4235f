import type { CommandModule } from "yargs";
import { visible } from "../text.ts";
import { print } from "./io.ts";

interface Options {
  readonly file: string;
  readonly key: string;
  readonly json?: string;
}

const FORM = `The file:
  id: slow-failover       # a name of its own
  scenario: postgres-primary-node-loss
  finding: recovery-time  # the check that fails
  from: 2026-12-01        # days in UTC
  until: 2027-03-01       # the day on which it is over, at most 366 days after from
  owner: Dana Ortiz, payments
  because: the pool of connections waits ten minutes, and its upgrade is due in February
`;

/** `accept-risk`: a person accepts a finding until a day, with an SSH key of their own. */
export const acceptRiskCommand: CommandModule<object, Options> = {
  command: "accept-risk <file>",
  describe: "Accept a failing finding until a day, with your own SSH key; it changes no verdict",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "YAML file of what is accepted" })
      .option("key", {
        type: "string",
        requiresArg: true,
        demandOption: true,
        describe: "Your SSH key, or its public half where an agent holds the key",
      })
      .example(
        "$0 accept-risk ops/risks/slow-failover.yaml --key ~/.ssh/id_ed25519",
        "signs it; the signature lies beside",
      )
      .example("$0 run --suite ci --acceptances ops/risks", "drills with all that is accepted in front of each report")
      .example("$0 gate --public-key drill.pub.pem --accept-risks ops/allowed_signers", "lets what is accepted through")
      .epilogue(FORM),
  async handler({ file, key, json }) {
    const { signAcceptance } = await import("../evidence.ts");
    const { checkers } = await import("../checkers.ts");
    const names = checkers.map(({ name }) => name);
    const { acceptance, signature } = await signAcceptance(file, key, names);
    const { id, scenario, finding, until } = acceptance;
    print(
      json
        ? JSON.stringify({ schema: "blackstart/accept-risk/v1", ...acceptance, file, signature })
        : `${finding} of ${scenario} is accepted until ${until} (${id}): ${visible(signature)}`,
    );
  },
};
