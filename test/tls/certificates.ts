// Certificates of a shop, and of those who do not belong to it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workloadOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";
import { type Authority, createAuthority, type Issued } from "../../tools/certificates/authority.ts";

export const accountOf = (workload: string): string => `spiffe://shop.test/ns/shop/sa/${workload}`;

export type ShopCertificates = {
  readonly authority: Authority;
  /** Where they are. */
  readonly folder: string;
  /** What a role's environment has of them; it can be changed by writing its files anew. */
  envOf(role: RoleName): { TLS_CERT_FILE: string; TLS_KEY_FILE: string; TLS_CA_FILE: string };
  /** Writes a new certificate for a role. */
  renew(role: RoleName): Promise<Issued>;
  remove(): Promise<void>;
};

/** A certificate for each role, in files of its own. */
export async function shopCertificates(): Promise<ShopCertificates> {
  const folder = await mkdtemp(join(tmpdir(), "shop-certificates-"));
  const authority = await createAuthority("the shop");
  const envOf = (role: RoleName) => ({
    TLS_CERT_FILE: join(folder, role, "cert.pem"),
    TLS_KEY_FILE: join(folder, role, "key.pem"),
    TLS_CA_FILE: join(folder, "ca.pem"),
  });
  async function renew(role: RoleName): Promise<Issued> {
    const { name } = workloadOf(roles.find((one) => one.name === role)!);
    const issued = await authority.issue({ name, ips: ["127.0.0.1"], uris: [accountOf(name)] });
    const { TLS_CERT_FILE, TLS_KEY_FILE } = envOf(role);
    await mkdir(join(folder, role), { recursive: true });
    await Promise.all([writeFile(TLS_CERT_FILE, issued.cert), writeFile(TLS_KEY_FILE, issued.key)]);
    return issued;
  }
  await writeFile(join(folder, "ca.pem"), authority.cert);
  for (const { name } of roles) await renew(name);
  return { authority, folder, envOf, renew, remove: () => rm(folder, { recursive: true }) };
}
