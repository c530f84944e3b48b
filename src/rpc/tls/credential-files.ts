import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { type CredentialSource, type Credentials, contextOptions } from "./credentials.ts";

/** Paths of PEM files. */
export type CredentialPaths = { readonly cert: string; readonly key: string; readonly ca: string | undefined };

export type CredentialFiles = CredentialSource & { close(): void };

export type CredentialListener = {
  readonly onRenewed?: (until: Date) => void;
  /** The files are bad, in a way that is told once; the last good ones stay in use. */
  readonly onFault?: (fault: string) => void;
};

/** Those who renew certificates replace files or links to folders, so they are read, not watched. */
const LOOK_MS = 500;

/** Reads the files, and again and again from then on. Throws an error that names the file that is missing or bad. */
export function credentialFiles(paths: CredentialPaths, to: CredentialListener = {}): CredentialFiles {
  const listeners = new Set<(credentials: Credentials) => void>();
  let current = readCredentials(paths);
  let told: string | undefined;

  function look(): void {
    try {
      const found = readCredentials(paths, current);
      told = undefined;
      if (found === current) return;
      current = found;
      for (const listener of listeners) listener(found);
      to.onRenewed?.(validUntil(found));
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== told) to.onFault?.(fault);
      told = fault;
    }
  }

  const looking = setInterval(look, LOOK_MS).unref();
  return {
    current: () => current,
    onRenewed: (listener) => void listeners.add(listener),
    close() {
      clearInterval(looking);
      listeners.clear();
    },
  };
}

/** The same object as `known` if the files say the same. Throws an error that names the file at fault. */
export function readCredentials(paths: CredentialPaths, known?: Credentials): Credentials {
  const [cert, key] = [read(paths.cert), read(paths.key)];
  const ca = paths.ca === undefined ? undefined : read(paths.ca);
  if (known?.cert === cert && known.key === key && known.ca === ca) return known;
  checkCertificate(cert, paths.cert);
  if (ca !== undefined) checkCertificate(ca, paths.ca ?? "");
  const credentials = { cert, key, ca };
  try {
    createSecureContext(contextOptions(credentials));
  } catch (error) {
    throw new Error(`${paths.key} is no private key of ${paths.cert}: ${messageOf(error)}`);
  }
  return credentials;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function checkCertificate(pem: string, path: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new Error(`${path} is no certificate in PEM: ${messageOf(error)}`);
  }
}

const validUntil = ({ cert }: Credentials): Date => new X509Certificate(cert).validToDate;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
