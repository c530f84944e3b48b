import type { TLSSocket } from "node:tls";

/** Who the other end of a connection is, by its certificate. */
export type Identity = {
  /** What the workload may be called, by its SPIFFE ids and DNS names; none without a certificate that is trusted. */
  readonly names: readonly string[];
  /** Why the certificate that was shown is not trusted: "CERT_HAS_EXPIRED". */
  readonly problem: string | undefined;
};

export const NOBODY: Identity = { names: [], problem: undefined };

/** The other end of a server's connection; undefined if that is not encrypted. */
export function identityOf(socket: object): Identity | undefined {
  if (!isSecure(socket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return NOBODY;
  if (!socket.authorized) return { names: [], problem: String(socket.authorizationError) };
  return { names: namesIn(certificate.subjectAltName ?? ""), problem: undefined };
}

const isSecure = (socket: object): socket is TLSSocket => "encrypted" in socket && socket.encrypted === true;

/** An entry of a subject's alternative names as node writes them. What could be mistaken for two is a JSON string. */
const ENTRY = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** The workloads in "URI:spiffe://cluster.local/ns/shop/sa/order-service, DNS:order-service"; none if it cannot be read. */
export function namesIn(subjectAltName: string): string[] {
  const entries = entriesOf(subjectAltName);
  return [
    ...new Set([
      ...accountsIn(entries),
      ...entries.flatMap(({ type, value }) => (type === "DNS" ? serviceOf(value) : [])),
    ]),
  ];
}

/** The service accounts of the SPIFFE ids among them. */
export const accountsIn = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ type, value }) => (type === "URI" ? accountOf(value) : []));

type Entry = { readonly type: string; readonly value: string };

/** The entries of a subject's alternative names; none if one of them cannot be read. */
export function entriesOf(subjectAltName: string): Entry[] {
  const entries: Entry[] = [];
  ENTRY.lastIndex = 0;
  for (let at = 0; at < subjectAltName.length; at = ENTRY.lastIndex) {
    const [, type, quoted = ""] = ENTRY.exec(subjectAltName) ?? [];
    if (type === undefined) return [];
    entries.push({ type, value: quoted.startsWith('"') ? textOf(quoted) : quoted });
  }
  return entries;
}

function textOf(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return "";
  }
}

/** spiffe://<trust domain>/ns/<namespace>/sa/<account>, as Istio and SPIRE write it. */
const accountOf = (uri: string): string[] =>
  /^spiffe:\/\/[a-z0-9._-]+\/ns\/[^/]+\/sa\/([^/]+)$/.exec(uri)?.slice(1) ?? [];

/** "order-service", also as Kubernetes calls it from elsewhere: "order-service.shop.svc.cluster.local". Others are not the name of a workload. */
const serviceOf = (dnsName: string): string[] =>
  /^([a-z0-9-]+)(?:\.[a-z0-9-]+\.svc(?:\.cluster\.local)?)?$/.exec(dnsName)?.slice(1) ?? [];
