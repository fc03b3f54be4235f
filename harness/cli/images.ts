import type { CommandModule } from "yargs";
import { listImages, resolveImages, type ListedImage } from "../engine/images.ts";
import { BlackstartError } from "../errors.ts";
import { EXIT } from "../verdict.ts";
import { print, say } from "./io.ts";

interface Options {
  json?: string;
  action: "list" | "build";
  names: string[];
}

/** What a drill of today needs; the others come when something asks for them. */
const FIRST_DRILL = ["postgres", "proxy"];

export const imagesCommand: CommandModule<object, Options> = {
  command: "images [action] [names..]",
  describe: "The images that drills run on: list them, or pull or build them ahead of the first drill",
  builder: (yargs) =>
    yargs
      .positional("action", {
        choices: ["list", "build"] as const,
        default: "list" as const,
        describe: "build: have the named images ready (default: those of the first drill)",
      })
      .positional("names", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Names of ours, or references of your own",
      }),
  async handler({ action, names, json }) {
    if (action === "build") await resolveImages(names.length > 0 ? names : FIRST_DRILL, say, interruption());
    const images = await listImages();
    print(json ? JSON.stringify({ schema: "blackstart/images/v1", images }, null, 2) : table(images));
  },
};

/** What was begun is cancelled and cleaned up before the command ends. */
function interruption(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new BlackstartError("interrupted", { exitCode: EXIT.sigint })));
  return stop.signal;
}

function table(images: readonly ListedImage[]): string {
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const nameWidth = widest(images.map(({ name }) => name));
  const referenceWidth = widest(images.map(({ reference }) => reference));
  return images
    .map((image) => {
      const where = image.present ? `${image.origin}, ${((image.bytes ?? 0) / 1e6).toFixed(0)} MB` : "not here";
      const digest = image.digest === null ? "" : `, ${image.digest}`;
      return `${image.name.padEnd(nameWidth)} ${image.reference.padEnd(referenceWidth)} ${where}${digest}\n${" ".repeat(nameWidth + 1)}${image.summary}`;
    })
    .join("\n");
}
