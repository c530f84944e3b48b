// An authority and certificates for a shop on this machine: `make run-all TLS=1`.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workloadOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";
import { createAuthority } from "../certificates/authority.ts";

export type Certificates = {
  /** The authority's, which clients must know: curl --cacert. */
  readonly caFile: string;
  /** In PEM. */
  readonly ca: string;
  /** What a role's environment has of them. */
  envOf(role: RoleName): NodeJS.ProcessEnv;
};

/** Makes them anew, in a folder that only its owner can read. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const caFile = join(folder, "ca.pem");
  const authority = await createAuthority("tracemesh on this machine");
  writeFileSync(caFile, authority.cert);
  const files = new Map<RoleName, { cert: string; key: string }>();
  for (const role of roles) {
    const { name } = workloadOf(role);
    const { cert, key } = await authority.issue({
      name,
      dns: ["localhost", name],
      ips: ["127.0.0.1", "::1"],
      uris: [`spiffe://tracemesh.local/ns/shop/sa/${name}`],
    });
    const own = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
    writeFileSync(own.cert, cert);
    writeFileSync(own.key, key, { mode: 0o600 });
    files.set(role.name, own);
  }
  return {
    caFile,
    ca: authority.cert,
    envOf(role) {
      const { cert, key } = files.get(role)!;
      return { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CA_FILE: caFile };
    },
  };
}
