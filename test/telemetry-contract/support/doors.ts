import type { ClientHttp2Session } from "node:http2";
import type { RoleName } from "../../../src/roles.ts";
import { connectH2 } from "../../support/raw-h2.ts";
import type { Doors } from "./kind.ts";

/** The doors of roles whose ports are known; close() ends the connections. */
export function openDoors(port: (role: RoleName) => number): Doors & { close(): Promise<void> } {
  const sessions = new Map<RoleName, Promise<ClientHttp2Session>>();
  return {
    port,
    async session(role) {
      const known = await sessions.get(role);
      if (known !== undefined && !known.closed && !known.destroyed) return known;
      const fresh = connectH2(port(role));
      sessions.set(role, fresh);
      return fresh;
    },
    async close() {
      for (const session of sessions.values()) (await session).destroy();
      sessions.clear();
    },
  };
}
