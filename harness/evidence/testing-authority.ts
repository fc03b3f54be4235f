/** Time-stamp authorities of OpenSSL's, as a company might run them, for the tests of this folder. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stamper } from "./timestamp.ts";

export interface Authority extends Stamper {
  /** PEM file of its root. */
  readonly certificate: string;
  /** The answer (TimeStampResp) to a query, both in DER. */
  answer(query: Buffer): Buffer;
}

/** Makes an authority with a root of its own in a new folder of `root`. */
export function makeAuthority(root: string, name: string): Authority {
  const cwd = join(root, name);
  mkdirSync(cwd);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, ..."-keyout root.key -out root.pem -days 30".split(" "), "-subj", `/CN=${name} root`);
  openssl("req", ...key, ..."-keyout tsa.key -out tsa.csr".split(" "), "-subj", `/CN=${name} tsa`);
  writeFileSync(join(cwd, "ext"), "extendedKeyUsage=critical,timeStamping\n");
  const issue = "-req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile ext -out tsa.pem";
  openssl("x509", ...issue.split(" "));
  writeFileSync(join(cwd, "serial"), "01\n");
  writeFileSync(join(cwd, "conf"), CONFIG);
  const answer = (query: Buffer): Buffer => {
    writeFileSync(join(cwd, "query"), query);
    openssl(..."ts -reply -queryfile query -config conf -section tsa1 -out reply".split(" "));
    return readFileSync(join(cwd, "reply"));
  };
  const stamp = (signature: Uint8Array): Promise<Buffer> => {
    writeFileSync(join(cwd, "data"), signature);
    openssl(..."ts -query -data data -sha256 -cert -out asked".split(" "));
    return Promise.resolve(answer(readFileSync(join(cwd, "asked"))));
  };
  return { name, certificate: join(cwd, "root.pem"), answer, stamp };
}

const CONFIG = `[tsa]
default_tsa = tsa1
[tsa1]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ordering = no
tsa_name = no
ess_cert_id_chain = no
`;
