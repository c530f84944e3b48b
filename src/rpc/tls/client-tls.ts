import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, createSecureContext, type SecureContext } from "node:tls";
import { type CredentialSource, contextOptions, MODERN } from "./credentials.ts";
import { accountsIn, entriesOf } from "./identity.ts";

export type ClientTlsOptions = {
  /** Whom the client is called by, such as "users.example". */
  readonly host: string;
  /** The workload, such as "user-service": if the certificate has SPIFFE ids, one must be its, whatever the host. */
  readonly account?: string | undefined;
  /** Default: no certificate is shown, and the server's must come from an authority that node knows. */
  readonly credentials?: CredentialSource | undefined;
};

/** Options for connections to a server, which are read anew for each connection. */
export function clientTls({ host, account, credentials }: ClientTlsOptions): ConnectionOptions {
  let context: SecureContext = createSecureContext(credentials ? contextOptions(credentials.current()) : MODERN);
  credentials?.onRenewed((renewed) => {
    context = createSecureContext(contextOptions(renewed));
  });
  return {
    get secureContext() {
      return context;
    },
    ...(isIP(host) === 0 && { servername: host }),
    checkServerIdentity(_, certificate) {
      const accounts = accountsIn(entriesOf(certificate.subjectaltname ?? ""));
      if (account === undefined || accounts.length === 0) return checkServerIdentity(host, certificate);
      return accounts.includes(account) ? undefined : new Error(`it is ${accounts.join()}, not ${account}`);
    },
  };
}
