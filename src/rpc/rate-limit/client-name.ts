import { isIPv6 } from "node:net";

/**
 * What a client is counted by: its address or, of IPv6, the network that its provider gave to it. Behind a proxy that is trusted, that is what the
 * proxy says of it: the last address that `x-forwarded-for` names.
 */
export function clientName(peerAddress: string | undefined, forwardedFor: string | null): string {
  const address = forwardedFor?.split(",").at(-1)?.trim() || peerAddress || "";
  return networkOf(address.replace(/^::ffff:(?=\d+\.)/, ""));
}

/** The first 64 bits, in one of the ways to write them. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill("0"), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
