import { generateKeyPair, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import forge from "node-forge";

/** What a server shows, and the one authority that its clients trust. `keyPem` is a secret: it goes into the server's own files alone. */
export interface ServerCertificate {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const KEY_BITS = 2048;
const DAY_MS = 24 * 3_600_000;
/** Around the clock of a machine that is not quite right, and longer than any drill. */
const VALID_MS = { before: DAY_MS, after: 30 * DAY_MS };

const generate = promisify(generateKeyPair);

/**
 * A certificate for these addresses and names (IPv4, or DNS names), by an authority that is made for it alone. The authority's key is
 * never written down and is forgotten when this resolves, so nobody can have another server pass for this one.
 */
export async function serverCertificate(component: string, addresses: readonly string[]): Promise<ServerCertificate> {
  const [authorityKey, serverKey] = await Promise.all([keyPair(), keyPair()]);
  const issuer = named(`authority of ${component}`);
  const authority = signed({
    subject: issuer,
    issuer,
    publicKey: authorityKey.publicKey,
    signer: authorityKey.privateKey,
    extensions: [
      { name: "basicConstraints", critical: true, cA: true },
      { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
      { name: "subjectKeyIdentifier" },
    ],
  });
  const server = signed({
    subject: named(component),
    issuer,
    publicKey: serverKey.publicKey,
    signer: authorityKey.privateKey,
    extensions: [
      { name: "basicConstraints", critical: true, cA: false },
      { name: "keyUsage", critical: true, digitalSignature: true, keyEncipherment: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectKeyIdentifier" },
      { name: "authorityKeyIdentifier", keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes() },
      { name: "subjectAltName", altNames: addresses.map(altName) },
    ],
  });
  return {
    caPem: pem(forge.pki.certificateToPem(authority)),
    certPem: pem(forge.pki.certificateToPem(server)),
    keyPem: pem(serverKey.pem),
  };
}

interface Signing {
  readonly subject: Names;
  readonly issuer: Names;
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly signer: forge.pki.rsa.PrivateKey;
  readonly extensions: object[];
}

type Names = { name: string; value: string }[];

const named = (value: string): Names => [
  { name: "organizationName", value: "Blackstart drill" },
  { name: "commonName", value },
];

/** Of the two kinds by their numbers in RFC 5280 (GeneralName). */
const altName = (address: string): object => (isIP(address) ? { type: 7, ip: address } : { type: 2, value: address });

/** The library's own line ends are those of mail. */
const pem = (text: string): string => text.replaceAll("\r\n", "\n");

/**
 * 126 random bits behind the bits 01, in hex: positive, and of one length. The library takes one zero from a number's front and no
 * second one, and what begins with zeros is no certificate to OpenSSL: Node passes over such an authority in silence.
 */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString("hex");
}

function signed({ subject, issuer, publicKey, signer, extensions }: Signing): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.serialNumber = serialNumber();
  certificate.publicKey = publicKey;
  certificate.validity.notBefore = new Date(Date.now() - VALID_MS.before);
  certificate.validity.notAfter = new Date(Date.now() + VALID_MS.after);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  certificate.setExtensions(extensions);
  certificate.sign(signer, forge.md.sha256.create());
  return certificate;
}

/** By Node's own generator, which is native and blocks nobody. */
async function keyPair(): Promise<{
  pem: string;
  privateKey: forge.pki.rsa.PrivateKey;
  publicKey: forge.pki.rsa.PublicKey;
}> {
  const { privateKey, publicKey } = await generate("rsa", {
    modulusLength: KEY_BITS,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return {
    pem: privateKey,
    privateKey: forge.pki.privateKeyFromPem(privateKey),
    publicKey: forge.pki.publicKeyFromPem(publicKey),
  };
}
