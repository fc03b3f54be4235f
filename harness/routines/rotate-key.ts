import { z } from "zod";
import { isSealed } from "../archive.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({});

export const rotateKey = defineRoutine<z.output<typeof params>>({
  name: "rotate-key",
  summary:
    "The archive gets another passphrase, and with it another first backup; what lies in safe keeping stays as it is",
  target: "component",
  requires: "encryption",
  params,
  async run({ component }) {
    if (!isSealed(component)) throw new Error(`${component.name} (${component.kind}) keeps nothing under a key`);
    return component.rotateKey();
  },
});
