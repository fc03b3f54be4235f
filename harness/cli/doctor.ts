import type { CommandModule } from "yargs";
import { diagnose, type Check } from "../engine/doctor.ts";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { finish, print } from "./io.ts";

export const doctorCommand: CommandModule<object, { json?: string; reports: string }> = {
  command: "doctor",
  describe: "Can this machine run drills? Engine, kernel features per fault, images, disk, clock, leftovers",
  async handler({ json, reports }) {
    const diagnosis = await diagnose({ reports }, AbortSignal.timeout(60_000));
    print(
      json
        ? JSON.stringify({ schema: "blackstart/doctor/v1", ...diagnosis }, null, 2)
        : diagnosis.checks.map(line).join("\n"),
    );
    finish(diagnosis.ready ? EXIT.met : EXIT.notReady);
  },
};

function line({ state, area, name, detail, fix }: Check): string {
  const label = area === name ? name : `${area} ${name}`;
  const text = detail
    .split("\n")
    .map(visible)
    .join(`\n${" ".repeat(8)}`);
  return `${state.padEnd(8)}${label}: ${text}${fix === null ? "" : `\n${" ".repeat(8)}-> ${fix}`}`;
}
