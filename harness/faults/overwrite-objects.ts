import { intrusion } from "./intrusion.ts";

export const overwriteObjects = intrusion(
  "overwrite-objects",
  "overwrite",
  "An intruder with the application's keys overwrites objects with bytes that mean nothing, as if enciphered",
);
