// An authority for certificates, for `make run-all TLS=1` and for tests. Nothing that it makes is meant to leave this machine.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

cryptoProvider.set(webcrypto as Crypto);

/** PEM. */
export type Issued = { readonly cert: string; readonly key: string };

export type Subject = {
  /** The common name. */
  readonly name: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
  /** Default: an hour ago. */
  readonly from?: Date;
  /** Default: in 30 days. */
  readonly until?: Date;
};

export type Authority = {
  /** Its own certificate, in PEM. */
  readonly cert: string;
  /** A certificate for servers and clients. */
  issue(subject: Subject): Promise<Issued>;
};

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 3_600_000;
const USUALLY_DAYS = 30;

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const own = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    ...lifetime({}),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { cert: own.toString("pem"), issue: (subject) => issue(subject, own, keys.privateKey) };
}

async function issue(subject: Subject, issuer: X509Certificate, signingKey: CryptoKey): Promise<Issued> {
  const keys = await newKeys();
  const names = [
    ...(subject.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(subject.ips ?? []).map((value) => ({ type: "ip" as const, value })),
    ...(subject.uris ?? []).map((value) => ({ type: "url" as const, value })),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${subject.name}`,
    issuer: issuer.subject,
    ...lifetime(subject),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
}

const newKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;

/** Positive, as the standard wants it. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

function lifetime({ from, until }: Pick<Subject, "from" | "until">): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: from ?? new Date(now - HOUR_MS),
    notAfter: until ?? new Date(now + USUALLY_DAYS * 24 * HOUR_MS),
  };
}
