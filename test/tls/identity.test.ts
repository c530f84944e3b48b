import assert from "node:assert/strict";
import { namesIn } from "../../src/rpc/tls/identity.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "": [],
  "URI:spiffe://cluster.local/ns/shop/sa/order-service": ["order-service"],
  "DNS:order-service": ["order-service"],
  "DNS:order-service.shop.svc": ["order-service"],
  "DNS:order-service.shop.svc.cluster.local": ["order-service"],
  "IP Address:10.0.0.1, DNS:localhost, URI:spiffe://a/ns/b/sa/c, DNS:c": ["c", "localhost"],
  // What belongs to others.
  "DNS:order-service.example.com": [],
  "DNS:order-service.shop.svc.example.com": [],
  "DNS:order-service.shop": [],
  "DNS:*.shop.svc": [],
  "DNS:*": [],
  "URI:https://cluster.local/ns/shop/sa/order-service": [],
  "URI:spiffe://cluster.local/ns/shop/sa/order-service/more": [],
  "URI:spiffe://cluster.local/sa/order-service": [],
  "URI:spiffe://cluster.local/ns/shop/sa/": [],
  "email:order-service, IP Address:1.2.3.4": [],
  "DirName:CN=order-service": [],
  // Values that could be mistaken for several are quoted by node.
  'DNS:"a, DNS:order-service"': [],
  'URI:"https://x/, URI:spiffe://c/ns/s/sa/order-service"': [],
  'othername:"x, DNS:order-service", DNS:a': ["a"],
  'DNS:"order\\u002dservice"': ["order-service"],
  // What cannot be read is nobody's.
  'DNS:order-service, "': [],
  "DNS:order-service,DNS:a": [],
  "order-service": [],
};

describe("the workload of a certificate", () => {
  for (const [text, names] of Object.entries(NAMES)) {
    it(`is ${names.length === 0 ? "none" : names.join(" and ")} of ${JSON.stringify(text)}`, () => {
      assert.deepEqual(namesIn(text), names);
    });
  }
});
