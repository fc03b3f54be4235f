import { join } from "node:path";
import type Dockerode from "dockerode";
import { hostCertificates, isLoopback, onThisHost, proxySettings } from "./host-network.ts";
import { fetchNpmPackage } from "./npm-package.ts";
import { fetchPythonPackage, pipSettings } from "./python-package.ts";
import type { Dockerfile } from "./recipes.ts";

interface Fetching {
  readonly docker: Dockerode;
  /** Reference of the image with pip, once it is there. */
  readonly pip: () => Promise<string>;
  readonly step: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * What an image is made of that a registry of packages has, into the folder that it is built from: by that registry's ordinary
 * client, as this host has it configured. The build itself is told of no registry.
 */
export async function fetchPackages({ npm, python }: Dockerfile, folder: string, how: Fetching): Promise<void> {
  if (npm) {
    how.step(`fetching ${npm.name}@${npm.version}`);
    await fetchNpmPackage(npm, join(folder, "package.tgz"), how.signal);
  }
  if (python) {
    const image = await how.pip();
    how.step(`fetching ${python.name} ${python.version}`);
    const [settings, proxies] = [pipSettings(process.env), proxySettings(process.env)];
    const host = {
      settings,
      proxies,
      certificates: hostCertificates(process.env),
      hostNetwork: onThisHost(proxies) || [...settings.values()].some(isLoopback),
    };
    await fetchPythonPackage(how.docker, image, python, join(folder, "package.tar.gz"), host, how.signal);
  }
}
