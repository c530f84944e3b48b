import { addressOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";

/** The settings by which roles find those whose ports are known, all on loopback. */
export function peerUrls(ports: ReadonlyMap<RoleName, number>): Record<string, string> {
  const known = roles.filter(({ name }) => ports.has(name));
  return Object.fromEntries(
    known.map(({ name, services }) => [addressOf(services[0]).variable, `http://127.0.0.1:${ports.get(name)}`]),
  );
}
