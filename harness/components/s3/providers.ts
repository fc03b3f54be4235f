import { PROVIDERS, type ProviderName, type S3Config } from "./config.ts";
import type { Provider } from "./provider.ts";
import { ceph } from "./providers/ceph.ts";
import { minio } from "./providers/minio.ts";
import { versitygw } from "./providers/versitygw.ts";

/** Every product. A new one is one file and one line here. */
const providers: Partial<Record<ProviderName, Provider>> = { minio, ceph, versitygw };

/** The one that a config names; of one that names none the preferred one. */
export const providerOf = ({ provider = "minio" }: S3Config): Provider => {
  const found = providers[provider];
  if (!found) throw new Error(`no provider is called ${provider}`);
  return found;
};

/** The configs that one without a provider may stand for. */
export const choicesOf = (config: S3Config): { name: ProviderName; config: S3Config }[] =>
  PROVIDERS.filter((name) => providers[name] && (config.provider ?? name) === name).map((provider) => ({
    name: provider,
    config: { ...config, provider },
  }));
