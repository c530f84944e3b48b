// Connections end by age, so that clients look up where a role is now and then.
import assert from "node:assert/strict";
import { once } from "node:events";
import { constants } from "node:http2";
import { roleNames } from "../../src/roles.ts";
import { connectH2 } from "../support/raw-h2.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

describe("a connection that is old enough", () => {
  let shop: RolesShop;
  before(async () => {
    shop = await startShop({ CONNECTION_AGE_MS: "100" });
  });
  after(() => shop.close());

  for (const role of roleNames) {
    it(`is ended in peace (${role})`, async () => {
      const session = await connectH2(Number(new URL(shop.url(role)).port));
      const [code] = await once(session, "goaway");
      assert.equal(code, constants.NGHTTP2_NO_ERROR);
      await once(session, "close");
    });
  }
});
