// What a console needs of a role: its traffic; and of the public one, the way to all others.
import type { DescService } from "@bufbuild/protobuf";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { workloadOf } from "./contract.ts";
import { roles } from "./roles.ts";
import { createPeer, tlsOf } from "./rpc/client/peer.ts";
import { consoleService, type ShownWorkload } from "./rpc/console/console-service.ts";
import { reflect, reflected } from "./rpc/console/reflect.ts";
import { createRoleRelay, RELAY_PREFIX, type RelayedRole, type RoleRelay } from "./rpc/console/role-relay.ts";
import type { Service } from "./rpc/service.ts";
import type { CredentialSource } from "./rpc/tls/credentials.ts";
import type { Settings } from "./settings.ts";

export type Console = {
  /** To be served beside those of the role. */
  readonly service: Service;
  readonly relay: RoleRelay;
  close(): void;
};

/** Of the public role; undefined where CONSOLE is off. `own` tells what the role itself serves, as soon as it does. */
export async function consoleBy(
  { console: urls, role: ownName }: Settings,
  credentials: CredentialSource | undefined,
  own: () => readonly DescService[],
): Promise<Console | undefined> {
  if (urls === undefined) return undefined;
  const shown: ShownWorkload[] = [];
  const relayed: RelayedRole[] = [];
  const closers: (() => void)[] = [];
  for (const role of roles) {
    const { name } = workloadOf(role);
    if (role.name === ownName) {
      shown.push({ name, basePath: "", reflect: () => reflected(own()) });
      continue;
    }
    const url = urls[name] ?? "";
    const { client, close } = await createPeer(ServerReflection, { url, credentials, account: name });
    closers.push(close);
    shown.push({ name, basePath: `${RELAY_PREFIX}${name}`, reflect: (signal) => reflect(client, signal) });
    relayed.push({ name, url, tls: tlsOf({ url, account: name, credentials }) });
  }
  return {
    service: consoleService(shown),
    relay: createRoleRelay(relayed),
    close() {
      for (const close of closers) close();
    },
  };
}
