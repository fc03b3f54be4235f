import type { NodeStart } from "../../component.ts";
import type { RedisConfig } from "./kind.ts";

export const PORT = 6379;
export const SENTINEL_PORT = 26_379;
export const DISK = "/blackstart/disk";
const DATA = `${DISK}/data`;
export const AOF_DIR = `${DATA}/appendonlydir`;
export const AOF_MANIFEST = `${AOF_DIR}/appendonly.aof.manifest`;
export const PASSWORD_FILE = "/blackstart/run/password";

/** The server names its configuration file when asked, and so says which node it is. */
export const confName = (node: string): string => `${node}.conf`;

export interface Booting {
  readonly component: string;
  readonly config: RedisConfig;
  readonly addressOf: (node: string) => string;
  readonly script: string;
  readonly password: string;
}

/** What one node is started with. Passwords stand in files alone. */
export function nodeStart(spec: { name: string; role: string; image: string }, booting: Booting): NodeStart {
  const full = `${booting.component}.${spec.name}`;
  const role = spec.role === "sentinel" ? "sentinel" : "server";
  const conf = role === "sentinel" ? sentinelConf(spec.name, booting) : serverConf(spec.name, booting);
  const env = {
    ROLE: role,
    CONF: confName(spec.name),
    PRIMARY: booting.addressOf(`${booting.component}.primary`),
    REPLICAS: booting.config.replicas.length,
  };
  return {
    name: full,
    image: spec.image,
    argv: ["sh", "/blackstart/boot.sh"],
    env: {},
    disk: DISK,
    files: [
      { path: "/blackstart/boot.sh", content: booting.script, mode: 0o755 },
      {
        path: "/blackstart/node.env",
        content: Object.entries(env)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
        mode: 0o644,
      },
      { path: "/blackstart/password", content: `${booting.password}\n`, mode: 0o600 },
      { path: "/blackstart/server.conf", content: conf, mode: 0o600 },
    ],
  };
}

type Setting = string | number | boolean;

const lines = (settings: Readonly<Record<string, Setting>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${settingText(value)}\n`)
    .join("");

/** YAML 1.2 reads `yes` and `no` as words, `true` and `false` as booleans; the server knows the words only. */
const settingText = (value: Setting): string => {
  const text = typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  return text === "" || /\s/.test(text) ? `"${text}"` : text;
};

function serverConf(node: string, { component, config, addressOf, password }: Booting): string {
  const { persistence, minReplicas, maxmemory, maxmemoryPolicy } = config;
  const settings: Record<string, Setting> = {
    bind: "*",
    port: PORT,
    "protected-mode": "no",
    dir: DATA,
    requirepass: password,
    masterauth: password,
    "replica-announce-ip": addressOf(`${component}.${node}`),
    // Five seconds of waiting for more replicas would stand in the boot and in every resynchronisation.
    "repl-diskless-sync-delay": 0,
    "repl-backlog-ttl": 0,
    appendonly: persistence.appendonly,
    appendfsync: persistence.appendfsync,
    "maxmemory-policy": maxmemoryPolicy,
    ...(maxmemory === undefined ? {} : { maxmemory }),
    ...(minReplicas
      ? { "min-replicas-to-write": minReplicas.count, "min-replicas-max-lag": minReplicas.maxLag / 1_000 }
      : {}),
    ...config.settings,
  };
  const save =
    persistence.rdb.length === 0
      ? 'save ""\n'
      : persistence.rdb.map(({ seconds, changes }) => `save ${seconds} ${changes}\n`).join("");
  const primary = addressOf(`${component}.primary`);
  return `${lines(settings)}${save}${node === "primary" ? "" : `replicaof ${primary} ${PORT}\n`}`;
}

function sentinelConf(node: string, { component, config, addressOf, password }: Booting): string {
  const { quorum, downAfter, failoverTimeout } = config.sentinels!;
  const primary = addressOf(`${component}.primary`);
  // Names first: `sentinel monitor` resolves what it is given. Addresses pass through unchanged.
  return `${lines({ bind: "*", port: SENTINEL_PORT, "protected-mode": "no", dir: DATA, requirepass: password })}\
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip ${addressOf(`${component}.${node}`)}
sentinel sentinel-pass ${password}
sentinel monitor ${component} ${primary} ${PORT} ${quorum}
sentinel auth-pass ${component} ${password}
sentinel down-after-milliseconds ${component} ${downAfter}
sentinel failover-timeout ${component} ${failoverTimeout}
`;
}
