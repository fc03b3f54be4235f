import type { CommandModule } from "yargs";

type Load = () => Promise<CommandModule>;

/** Each command knows the type of its own arguments; the list forgets it. */
const lazy = <Arguments>(load: () => Promise<CommandModule<object, Arguments>>): Load => load as unknown as Load;

/** Every command by name, loaded only when it is named, so that `validate` does not wait for the container client. */
export const commands: ReadonlyMap<string, Load> = new Map([
  ["doctor", lazy(async () => (await import("./doctor.ts")).doctorCommand)],
  ["validate", lazy(async () => (await import("./validate.ts")).validateCommand)],
  ["plan", lazy(async () => (await import("./plan.ts")).planCommand)],
  ["images", lazy(async () => (await import("./images.ts")).imagesCommand)],
  ["schema", lazy(async () => (await import("./schema.ts")).schemaCommand)],
]);
