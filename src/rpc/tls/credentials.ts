import type { SecureContextOptions } from "node:tls";

/** What one end of a connection shows, and whom it believes, in PEM. */
export type Credentials = {
  /** The certificate and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** The certificates of the authorities that the other end's must come from. Undefined: a server asks for none, a client takes node's. */
  readonly ca: string | undefined;
};

/** Credentials that may be renewed. */
export type CredentialSource = {
  current(): Credentials;
  /** Calls back with each renewal, until close(). */
  onRenewed(listener: (credentials: Credentials) => void): void;
};

/** TLS 1.3, and 1.2 with forward secrecy and authenticated encryption. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** For all connections, with whatever credentials. */
export const MODERN: SecureContextOptions = { minVersion: "TLSv1.2", ciphers: CIPHERS };

/** What both servers and clients use of them. */
export function contextOptions({ cert, key, ca }: Credentials): SecureContextOptions {
  return { ...MODERN, cert, key, ...(ca !== undefined && { ca }) };
}
