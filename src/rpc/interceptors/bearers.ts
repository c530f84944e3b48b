import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { type Claims, InvalidToken, type VerifyToken } from "../tokens/verifier.ts";

/** What the token of a call says; undefined where none is asked for. */
export const claims = createContextKey<Claims | undefined>(undefined, { description: "claims" });

export type BearersOptions = {
  readonly verify: VerifyToken;
  /** Whether calls of a method need a token. */
  readonly isAsked: (method: DescMethod) => boolean;
};

const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;

/** Serves calls with a good token alone: others are UNAUTHENTICATED, or UNAVAILABLE while nobody can tell whether theirs is good. */
export function onlyBearers({ verify, isAsked }: BearersOptions): Interceptor {
  return (next) => async (request) => {
    if (!isAsked(request.method)) return await next(request);
    const token = BEARER.exec(request.header.get("authorization") ?? "")?.[1];
    if (token === undefined) throw unauthenticated("a bearer token is needed", "Bearer");
    try {
      request.contextValues.set(claims, await verify(token));
    } catch (error) {
      if (error instanceof InvalidToken)
        throw unauthenticated(`the token is not taken: ${error.message}`, 'Bearer error="invalid_token"', error);
      throw new ConnectError("tokens cannot be verified now", Code.Unavailable, undefined, undefined, error);
    }
    return await next(request);
  };
}

const unauthenticated = (message: string, challenge: string, cause?: unknown): ConnectError =>
  new ConnectError(message, Code.Unauthenticated, { "www-authenticate": challenge }, undefined, cause);
