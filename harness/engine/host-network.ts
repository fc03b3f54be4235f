import { existsSync, readFileSync } from "node:fs";

/** A build must reach the network as the host does; the engine knows these arguments and keeps them out of the image. */
export function proxySettings(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "GOPROXY"];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** A proxy that listens on the host's loopback can be reached from the host's network only. */
export const onThisHost = (proxies: Readonly<Record<string, string>>): boolean =>
  Object.entries(proxies).some(([name, value]) => /_proxy$/i.test(name) && !/^no_/i.test(name) && isLoopback(value));

export const isLoopback = (url: string): boolean => /\/\/([^@/]*@)?(localhost|127\.|\[::1\])/.test(url);

/** What the host trusts beside the public authorities, as it is told to programs; empty when nothing is set. */
export function hostCertificates(env: Readonly<Record<string, string | undefined>>): string {
  const files = new Set([env["SSL_CERT_FILE"], env["NODE_EXTRA_CA_CERTS"]]);
  return [...files].flatMap((file) => (file && existsSync(file) ? [readFileSync(file, "utf8")] : [])).join("\n");
}

/** For what npm and pip say of an address: they hide passwords in most of their messages, and not the names before them. */
export const withoutCredentials = (text: string): string => text.replaceAll(/\/\/[^/@\s]+@/g, "//…@");
