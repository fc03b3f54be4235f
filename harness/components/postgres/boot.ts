import type { Boot } from "../../component.ts";
import type { PostgresConfig } from "./kind.ts";

export const boot: Boot<PostgresConfig> = async () => {
  throw new Error("not yet");
};
