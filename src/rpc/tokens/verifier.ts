// Bearer tokens of an OpenID provider, verified by jose.
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";

export type VerifierOptions = {
  /** The `iss` and one of the `aud` that tokens must have. */
  readonly issuer: string;
  readonly audience: string;
  /** Where the provider's keys are, as a JWK Set. */
  readonly jwksUrl: string;
  /** Algorithms of signatures that are taken, all of them asymmetric. */
  readonly algorithms: readonly string[];
};

/** What a token says of whoever has it. */
export type Claims = JWTPayload;

/** Rejects with InvalidToken or KeysUnavailable. */
export type VerifyToken = (token: string) => Promise<Claims>;

/** Why a token is not taken, in words that its bearer may read. */
export class InvalidToken extends Error {
  override name = "InvalidToken";
}

/** Whether it may be taken cannot be found out now. */
export class KeysUnavailable extends Error {
  override name = "KeysUnavailable";
}

/** A key that nobody knows makes us ask for the keys anew, but not more often than this. */
const COOLDOWN_MS = 30_000;
/** So often keys are asked for anew in any case, so that those that are withdrawn are forgotten; */
const REFRESH_MS = 300_000;
/** and for so long the last ones are good while the provider is away. */
const GOOD_FOR_MS = 3_600_000;
const FETCH_TIMEOUT_MS = 2_000;
/** While there are no keys at all, the provider is asked no more often than this. */
const AWAY_MS = 1_000;
/** The clocks of provider and server may differ by this. */
const CLOCK_TOLERANCE_S = 5;

export type TokenVerifier = { readonly verify: VerifyToken; close(): void };

/** Keys are fetched with the first token. */
export function tokenVerifier({ issuer, audience, jwksUrl, algorithms }: VerifierOptions): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: GOOD_FOR_MS,
  });
  const checks = {
    issuer,
    audience,
    algorithms: [...algorithms],
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ["exp", "sub"],
  };
  const refreshing = setInterval(() => void (keys.fresh && keys.reload().catch(() => {})), REFRESH_MS).unref();
  let awayUntil = 0;

  async function verify(token: string): Promise<Claims> {
    if (performance.now() < awayUntil) throw new KeysUnavailable("the provider of tokens is away");
    try {
      return (await jwtVerify(token, keys, checks)).payload;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== undefined) throw new InvalidToken(reason, { cause: error });
      if (!keys.fresh) awayUntil = performance.now() + AWAY_MS;
      throw new KeysUnavailable("the keys of the provider of tokens cannot be had", { cause: error });
    }
  }

  return { verify, close: () => clearInterval(refreshing) };
}

/** Undefined if the token is not to blame. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is not the one that is needed`;
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return undefined;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return "its key is not one of the provider's";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return "its algorithm is not one that is taken";
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return "it is no signed token";
  return undefined;
}
