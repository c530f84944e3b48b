// What sslscan finds at our ports: no old version, no weak cipher, no known fault.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { debianProgram } from "../../tools/test-servers/debian-program.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { type ShopCertificates, shopCertificates } from "./certificates.ts";

const MODERN_1_2 = /^ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305(-SHA256)?)$/;
const MODERN_1_3 = /^TLS_(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$/;

/** The attributes of all elements of a name. */
const elements = (xml: string, name: string): Record<string, string>[] =>
  [...xml.matchAll(new RegExp(`<${name} ([^>]*)/?>`, "g"))].map(([, attributes = ""]) =>
    Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );

describe("sslscan", function () {
  this.timeout(180_000);
  let certificates: ShopCertificates;
  let shop: RolesShop;
  before(async () => {
    certificates = await shopCertificates();
    shop = await startShop({}, { envOf: certificates.envOf, scheme: "https" });
  });
  after(async () => {
    await shop.close();
    await certificates.remove();
  });

  for (const role of ["gateway", "payment"] as const) {
    it(`finds nothing weak at the ${role} role`, async () => {
      const program = debianProgram({ names: ["sslscan"], packages: ["sslscan"], path: "usr/bin/sslscan" });
      assert.ok(program !== undefined, "There is no sslscan, and no apt that could fetch it");
      const { port } = new URL(shop.url(role));
      const args = ["--xml=-", "--show-certificate", `127.0.0.1:${port}`];
      const { stdout: xml } = await promisify(execFile)(program.path, args, { env: program.env, maxBuffer: 8 << 20 });
      const enabled = elements(xml, "protocol").filter((protocol) => protocol.enabled === "1");
      assert.deepEqual(enabled.map(({ type, version }) => `${type} ${version}`).sort(), ["tls 1.2", "tls 1.3"]);
      const ciphers = elements(xml, "cipher");
      assert.ok(ciphers.length >= 4);
      const weak = ciphers.filter(({ cipher = "", sslversion }) => {
        const modern = sslversion === "TLSv1.3" ? MODERN_1_3 : MODERN_1_2;
        return sslversion === undefined || !modern.test(cipher);
      });
      assert.deepEqual(weak, []);
      assert.deepEqual(new Set(elements(xml, "heartbleed").map(({ vulnerable }) => vulnerable)), new Set(["0"]));
      assert.ok(elements(xml, "compression").every(({ supported }) => supported === "0"));
      assert.ok(elements(xml, "renegotiation").every(({ supported, secure }) => supported === "0" || secure === "1"));
    });
  }
});
