import { USER } from "./session.ts";

/** A text between single quotes, as the server's files and its statements have it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Lines of a configuration file of the server. */
export const settingLines = (settings: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${quoted(settingText(value))}\n`)
    .join("");

/** YAML 1.2 reads `on` and `off` as words, `true` and `false` as booleans; the server knows both. */
const settingText = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value);

/** How one server reaches another. Where it stands, logs and dumps may show it, so the password stays in a file of the node. */
export const conninfo = (address: string, database?: string): string =>
  [
    `host=${address}`,
    `user=${USER}`,
    ...(database === undefined ? [] : [`dbname=${database}`]),
    "passfile=/blackstart/run/pgpass",
  ].join(" ");
