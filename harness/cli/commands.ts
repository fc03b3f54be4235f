import type { CommandModule } from "yargs";

type Load = () => Promise<CommandModule>;

/** Each command knows the type of its own arguments; the list forgets it. */
const lazy = <Arguments>(load: () => Promise<CommandModule<object, Arguments>>): Load => load as unknown as Load;

/** Every command by name, loaded only when it is named, so that `validate` does not wait for the container client. */
export const commands: ReadonlyMap<string, Load> = new Map([
  ["doctor", lazy(async () => (await import("./doctor.ts")).doctorCommand)],
  ["validate", lazy(async () => (await import("./validate.ts")).validateCommand)],
  ["plan", lazy(async () => (await import("./plan.ts")).planCommand)],
  ["run", lazy(async () => (await import("./run.ts")).runCommand)],
  ["restore-test", lazy(async () => (await import("./restore-test.ts")).restoreTestCommand)],
  ["list", lazy(async () => (await import("./list.ts")).listCommand)],
  ["report", lazy(async () => (await import("./report.ts")).reportCommand)],
  ["analyze", lazy(async () => (await import("./analyze.ts")).analyzeCommand)],
  ["verify", lazy(async () => (await import("./verify.ts")).verifyCommand)],
  ["sign-off", lazy(async () => (await import("./sign-off.ts")).signOffCommand)],
  ["worm", lazy(async () => (await import("./worm.ts")).wormCommand)],
  ["accept-risk", lazy(async () => (await import("./accept-risk.ts")).acceptRiskCommand)],
  ["selftest", lazy(async () => (await import("./selftest.ts")).selftestCommand)],
  ["detectors", lazy(async () => (await import("./detectors.ts")).detectorsCommand)],
  ["period", lazy(async () => (await import("./period.ts")).periodCommand)],
  ["trend", lazy(async () => (await import("./trend.ts")).trendCommand)],
  ["compare", lazy(async () => (await import("./compare.ts")).compareCommand)],
  ["coverage", lazy(async () => (await import("./coverage.ts")).coverageCommand)],
  ["gate", lazy(async () => (await import("./gate.ts")).gateCommand)],
  ["cleanup", lazy(async () => (await import("./cleanup.ts")).cleanupCommand)],
  ["images", lazy(async () => (await import("./images.ts")).imagesCommand)],
  ["compose", lazy(async () => (await import("./compose.ts")).composeCommand)],
  ["keygen", lazy(async () => (await import("./keygen.ts")).keygenCommand)],
  ["schema", lazy(async () => (await import("./schema.ts")).schemaCommand)],
  ["watch", lazy(async () => (await import("./watch.ts")).watchCommand)],
]);
