// A provider of tokens on the loopback: it publishes keys, and signs what a test wants.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://login.test";
export const AUDIENCE = "shop";

type Key = { readonly kid: string; readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

export type TokenProvider = {
  readonly jwksUrl: string;
  /** How often its keys were asked for. */
  asked: number;
  /** "away": it answers 503; "hang": nothing. */
  mode: "serve" | "away" | "hang";
  /** A token that is good, but for what is said. */
  token(over?: JWTPayload, header?: { kid?: string; alg?: string }): Promise<string>;
  /** Signed by a key that it does not publish, under the name of one that it does. */
  forged(): Promise<string>;
  /** HS256, with its public key as the secret. */
  confused(): Promise<string>;
  /** `alg: none` */
  unsigned(): string;
  /** Publishes and signs with another key from now on. */
  rotate(): Promise<void>;
  close(): Promise<void>;
};

/** Its tokens are for user 123. */
export async function startTokenProvider(): Promise<TokenProvider> {
  let count = 0;
  const newKey = async (): Promise<Key> => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    return { kid: `key-${++count}`, privateKey, publicKey };
  };
  let key = await newKey();
  const stranger = await newKey();

  const server = createServer(async (_, response) => {
    provider.asked++;
    if (provider.mode === "hang") return;
    if (provider.mode === "away") return void response.writeHead(503).end();
    const keys = [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: "ES256", use: "sig" }];
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const good = (over: JWTPayload): JWTPayload => {
    const now = Math.floor(Date.now() / 1000);
    return { iss: ISSUER, aud: AUDIENCE, sub: "123", iat: now, exp: now + 300, ...over };
  };
  const signed = (payload: JWTPayload, by: CryptoKey, kid: string) =>
    new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid }).sign(by);
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

  const provider: TokenProvider = {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    asked: 0,
    mode: "serve",
    token: (over = {}, header = {}) => signed(good(over), key.privateKey, header.kid ?? key.kid),
    forged: () => signed(good({}), stranger.privateKey, key.kid),
    async confused() {
      const secret = new TextEncoder().encode(await exportSPKI(key.publicKey));
      return await new SignJWT(good({})).setProtectedHeader({ alg: "HS256", kid: key.kid }).sign(secret);
    },
    unsigned: () => `${encoded({ alg: "none", typ: "JWT" })}.${encoded(good({}))}.`,
    async rotate() {
      key = await newKey();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return provider;
}
