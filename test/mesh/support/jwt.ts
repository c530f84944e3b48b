import { generateKeyPairSync, sign } from "node:crypto";

export type Issuer = {
  /** The public key, as a JSON Web Key Set. */
  readonly jwks: string;
  /** A token with these claims, signed with the issuer's key. */
  token(claims: Record<string, unknown>): string;
};

/** An issuer of tokens with a key of its own (ES256). */
export function createIssuer(): Issuer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const header = { alg: "ES256", typ: "JWT", kid: "lab" };
  return {
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "lab", alg: "ES256", use: "sig" }] }),
    token(claims) {
      const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${text}.${signature.toString("base64url")}`;
    },
  };
}
