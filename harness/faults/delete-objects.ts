import { intrusion } from "./intrusion.ts";

export const deleteObjects = intrusion(
  "delete-objects",
  "delete",
  "An intruder with the application's keys deletes objects, as an application does: without naming versions",
);
