// Certificates that are renewed again and again while calls go on.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { eventually } from "../support/eventually.ts";
import { startShop } from "../support/shop.ts";
import { type ShopCertificates, shopCertificates } from "./certificates.ts";

describe("a certificate", function () {
  this.timeout(60_000);
  let certificates: ShopCertificates;
  before(async () => {
    certificates = await shopCertificates();
  });
  after(() => certificates.remove());

  it("is replaced under load without a failed call, and is in use within a second", async () => {
    const shop = await startShop({}, { envOf: certificates.envOf, scheme: "https" });
    const { port } = new URL(shop.url("gateway"));
    const ca = certificates.authority.cert;
    const shown = async (): Promise<string> => {
      const socket = connect({ host: "127.0.0.1", port: Number(port), ca });
      await once(socket, "secureConnect");
      const { serialNumber } = socket.getPeerX509Certificate()!;
      socket.destroy();
      return serialNumber;
    };
    const stop = new AbortController();
    let calls = 0;
    const load = async () => {
      const client = createClient(
        ShopService,
        createGrpcTransport({ baseUrl: shop.url("gateway"), nodeOptions: { ca } }),
      );
      while (!stop.signal.aborted) {
        await client.getUser({ id: 1 + (calls % 1000) });
        calls++;
      }
    };
    const loads = [load(), load(), load()];
    const seen = new Set([await shown()]);
    for (let i = 0; i < 20; i++) {
      await Promise.all((["gateway", "user", "order", "payment"] as const).map((role) => certificates.renew(role)));
      const begun = performance.now();
      await eventually(async () => assert.ok(!seen.has(await shown())), { timeoutMs: 1500 });
      assert.ok(performance.now() - begun < 1100);
      seen.add(await shown());
    }
    stop.abort();
    await Promise.all(loads);
    assert.ok(calls > 500, String(calls));
    await shop.close();
  });
});
