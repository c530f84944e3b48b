/** Schemes of gRPC targets, which are used as they are. */
const TARGET = /^(?:dns|ipv4|ipv6|unix|xds):/;

const EXPECTED = "expected http://host:port or https://host:port, or a gRPC target such as xds:///name";

/**
 * The gRPC target of a peer: "dns:///users:8081" for "http://users:8081" and "https://users:8081", which mean HTTP/2 to all addresses of the name.
 * Targets such as "xds:///users", "unix:/run/users.sock" and "ipv4:10.0.0.1:80,10.0.0.2:80" stay as they are. Throws Error for others.
 */
export function targetOf(url: string): string {
  if (TARGET.test(url)) return url;
  if (!URL.canParse(url)) throw new Error(`invalid peer URL ${JSON.stringify(url)}: ${EXPECTED}`);
  const { protocol, host, port, pathname, search, hash, username, password } = new URL(url);
  // Without the URL, since errors are logged.
  if (username !== "" || password !== "") throw new Error("invalid peer URL: a user or password has no use in it");
  const fault = (problem: string) => new Error(`invalid peer URL ${JSON.stringify(url)}: ${problem}`);
  if (protocol !== "http:" && protocol !== "https:") throw fault(EXPECTED);
  if ((pathname !== "/" && pathname !== "") || search !== "" || hash !== "")
    throw fault("a gRPC server has no path or query");
  return port === "" ? `dns:///${host}:${protocol === "https:" ? 443 : 80}` : `dns:///${host}`;
}

/** Whether a peer is called over TLS. */
export const isSecure = (url: string): boolean => url.startsWith("https:");

/** The origin of a target for interceptors, such as "http://users:8080". Of several addresses, the first. */
export function originOf(target: string, scheme: "http" | "https" = "http"): string {
  if (target.startsWith("unix:")) return `${scheme}://localhost`;
  const [address] = target.replace(/^(?:dns|ipv4|ipv6|xds):(?:\/\/[^/]*\/)?/, "").split(",");
  return `${scheme}://${address}`;
}
