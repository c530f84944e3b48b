// Certificates for servers and clients that are measured over TLS.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../tools/certificates/authority.ts";

/** What a client shows and believes, in PEM; without a certificate, only the server has one. */
export type ClientTls = { readonly ca: string; readonly cert?: string; readonly key?: string };

/** Whether only the server has a certificate, or the client as well. */
export type TlsKind = "server" | "mutual";

type BenchTls = {
  /** Where servers find theirs. */
  readonly env: { readonly BENCH_CERT: string; readonly BENCH_KEY: string; readonly BENCH_CA: string };
  readonly client: Required<ClientTls>;
};

let made: Promise<BenchTls> | undefined;

/** Made once, and removed when this process ends. */
export async function tlsOf(kind: TlsKind): Promise<{ env: BenchTls["env"]; client: ClientTls }> {
  made ??= make();
  const { env, client } = await made;
  return { env, client: kind === "mutual" ? client : { ca: client.ca } };
}

async function make(): Promise<BenchTls> {
  const folder = mkdtempSync(join(tmpdir(), "bench-tls-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const authority = await createAuthority("bench");
  const server = await authority.issue({ name: "server", ips: ["127.0.0.1"] });
  const client = await authority.issue({ name: "client" });
  const env = { BENCH_CERT: join(folder, "cert"), BENCH_KEY: join(folder, "key"), BENCH_CA: join(folder, "ca") };
  writeFileSync(env.BENCH_CERT, server.cert);
  writeFileSync(env.BENCH_KEY, server.key);
  writeFileSync(env.BENCH_CA, authority.cert);
  return { env, client: { ca: authority.cert, ...client } };
}
