// The edge of a mesh and the gateway take the same tokens: the gateway by what the overlay says, of tokens that a check of the mesh sends.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { InvalidToken, tokenVerifier } from "../../src/rpc/tokens/verifier.ts";
import { readSettings } from "../../src/settings.ts";
import { createIssuer } from "../mesh/support/jwt.ts";

const OVERLAY = resolve(import.meta.dirname, "../../istio/components/edge-jwt");
type Rule = { readonly issuer: string; readonly audiences: readonly string[]; readonly jwksUri: string };

/** What the edge asks for. */
function edgeRule(): Rule {
  const [authentication] = readFileSync(join(OVERLAY, "authentication.yaml"), "utf8").split(/^---$/m);
  const { spec } = parse(authentication ?? "") as { spec: { jwtRules: [Rule] } };
  return spec.jwtRules[0];
}

describe("the gateway, told what the edge of the mesh is told", () => {
  it("takes and refuses the tokens that the edge does", async () => {
    const { issuer, audiences, jwksUri } = edgeRule();
    const env = { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audiences[0], OIDC_JWKS_URL: jwksUri };
    const { oidc } = readSettings({ ROLE: "gateway", ...env });
    assert.ok(oidc !== undefined);

    const [known, stranger] = [createIssuer(), createIssuer()];
    const server = createServer((_, response) => response.end(known.jwks)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { verify, close } = tokenVerifier({ ...oidc, jwksUrl: `http://127.0.0.1:${port}/` });
    const now = Math.floor(Date.now() / 1000);
    const claims = (over: Record<string, unknown> = {}) => {
      return { iss: issuer, aud: audiences[0], sub: "customer-1", iat: now, exp: now + 300, ...over };
    };

    assert.equal((await verify(known.token(claims()))).sub, "customer-1");
    const refused = [
      known.token(claims({ aud: "bank" })),
      stranger.token(claims()),
      known.token(claims({ exp: now - 3600 })),
      known.token(claims({ iss: "https://other.example.com" })),
      "no.token.atall",
    ];
    for (const token of refused) await assert.rejects(verify(token), InvalidToken);
    close();
    server.close();
  });
});
