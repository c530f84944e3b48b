import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { createIssuer } from "../support/jwt.ts";
import { switchBack, switchTo } from "../support/overlay.ts";
import { agentOf, closeAgents, edge } from "../support/shop.ts";

const ISSUER = "https://login.example.com";
const JWKS_URI = /jwksUri: https:\/\/login\.example\.com\S*/g;

const known = createIssuer();
const stranger = createIssuer();

function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: "shop", sub: "customer-1", iat: now, exp: now + 300, ...changes };
}

async function statusWith(token: string | undefined, path = "/api/users/1"): Promise<number> {
  const outside = await agentOf("outside");
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  return (await outside.http({ url: `${(await edge()).rest}${path}`, headers })).status;
}

async function codeWith(token: string | undefined): Promise<string> {
  const outside = await agentOf("outside");
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const { grpc: target } = await edge();
  return (await outside.grpc({ target, method: "shop.gateway.v1.ShopService/GetUser", message: { id: 1 }, headers }))
    .code;
}

describe("an edge that asks for tokens", () => {
  before(async function () {
    this.timeout(120_000);
    // The lab has no way to the issuer's web site: the edge is given the keys that it would find there.
    await switchTo("edge-jwt", (yaml) => {
      const edited = yaml.replace(JWKS_URI, `jwks: '${known.jwks}'`);
      assert.notEqual(edited, yaml, "the overlay names the issuer's keys");
      return edited;
    });
    await eventually(async () => assert.equal(await statusWith(undefined), 401), { timeoutMs: 20_000 });
    await eventually(async () => assert.equal(await statusWith(known.token(claims())), 200), { timeoutMs: 20_000 });
    await closeAgents(); // a connection from before may serve more calls under the rules of before
  });

  after(async function () {
    this.timeout(120_000);
    await switchBack("edge-jwt");
    await eventually(async () => assert.equal(await statusWith(undefined), 200), { timeoutMs: 20_000 });
    await closeAgents(); // a connection from before may serve one more call under the rules of before
  });

  it("takes the right token, over REST and over gRPC", async () => {
    const token = known.token(claims());
    assert.deepEqual([await statusWith(token), await codeWith(token)], [200, "OK"]);
  });

  it("refuses a call without a token", async () => {
    assert.deepEqual([await statusWith(undefined), await codeWith(undefined)], [401, "UNAUTHENTICATED"]);
  });

  it("refuses a token for another audience", async () => {
    const token = known.token(claims({ aud: "bank" }));
    assert.deepEqual([await statusWith(token), await codeWith(token)], [403, "PERMISSION_DENIED"]);
  });

  it("refuses a token that is forged, or over, or of another issuer", async () => {
    const over = Math.floor(Date.now() / 1000) - 3600;
    const tokens = [
      stranger.token(claims()),
      known.token(claims({ exp: over })),
      known.token(claims({ iss: "https://other.example.com" })),
      "no.token.atall",
    ];
    const statuses = await Promise.all(tokens.map((token) => statusWith(token)));
    assert.deepEqual(statuses, [401, 401, 401, 401]);
    assert.equal(await codeWith(tokens[0]), "UNAUTHENTICATED");
  });

  it("tells of the shop itself to everybody", async () => {
    assert.deepEqual(
      await Promise.all(["/health", "/openapi.json", "/"].map((path) => statusWith(undefined, path))),
      [200, 200, 200],
    );
  });
});
