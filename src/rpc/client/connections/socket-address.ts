import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";

/** Where a server listens: host and port, or the path of a Unix socket. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a target names: addresses, or a name that DNS knows. */
export type Location =
  | { readonly addresses: readonly SocketAddress[] }
  | { readonly name: string; readonly port: number };

const DEFAULT_PORT = 443;

/** "10.0.0.1:80", "[::1]:80", or a path. */
export function showAddress(address: SocketAddress): string {
  if ("path" in address) return address.path;
  const { host, port } = address;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Of a gRPC target: "dns:///users:8080", "ipv4:10.0.0.1:80,10.0.0.2:80", "unix:/run/users.sock", "users:8080". Throws Error for others. */
export function locationOf(target: string): Location {
  const [, scheme = "dns", rest] = /^(?:(dns|ipv4|ipv6|unix):(?:\/\/(?=\/))?)?(.*)$/.exec(target)!;
  const text = rest!;
  if (scheme === "unix") return { addresses: [{ path: text }] };
  if (scheme !== "dns") return { addresses: text.split(",").map((address) => hostAndPort(address, target)) };
  const { host, port } = hostAndPort(text.replace(/^\/\/[^/]*\/|^\//, ""), target);
  return isIP(host) === 0 ? { name: host, port } : { addresses: [{ host, port }] };
}

function hostAndPort(address: string, target: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*|.*:.*:.*?))(?::(\d{1,5}))?$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (!host) throw new Error(`invalid target ${JSON.stringify(target)}: expected host:port`);
  return { host, port: port === undefined ? DEFAULT_PORT : Number(port) };
}

/** Begins to connect, over TLS if there are settings for it. */
export function openSocket(address: SocketAddress, tls: TlsOptions | undefined): Socket {
  if (tls !== undefined) return connectTls({ ...address, ALPNProtocols: ["h2"], ...tls });
  return connectTcp(address);
}
