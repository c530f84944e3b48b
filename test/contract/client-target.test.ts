import assert from "node:assert/strict";
import { createPeer } from "../../src/rpc/client/peer.ts";
import { originOf, targetOf } from "../../src/rpc/client/target.ts";
import { ProbeService } from "../support/probe.ts";

/** URL, target, origin. */
const TARGETS = [
  ["http://user-service:8081", "dns:///user-service:8081", "http://user-service:8081"],
  ["http://user-service:8081/", "dns:///user-service:8081", "http://user-service:8081"],
  ["http://users", "dns:///users:80", "http://users:80"],
  ["http://127.0.0.1:8081", "dns:///127.0.0.1:8081", "http://127.0.0.1:8081"],
  ["http://[::1]:8081", "dns:///[::1]:8081", "http://[::1]:8081"],
  ["https://users:8081", "dns:///users:8081", "https://users:8081"],
  ["https://users", "dns:///users:443", "https://users:443"],
  ["dns://10.0.0.2/users:8081", "dns://10.0.0.2/users:8081", "http://users:8081"],
  ["dns:users:8081", "dns:users:8081", "http://users:8081"],
  ["xds:///users", "xds:///users", "http://users"],
  ["ipv4:10.0.0.1:80,10.0.0.2:80", "ipv4:10.0.0.1:80,10.0.0.2:80", "http://10.0.0.1:80"],
  ["unix:/run/users.sock", "unix:/run/users.sock", "http://localhost"],
  ["unix:///run/users.sock", "unix:///run/users.sock", "http://localhost"],
] as const;

const REFUSED = [
  ["https://users:8081/v1", /"https:\/\/users:8081\/v1": a gRPC server has no path or query/],
  ["users:8081", /"users:8081": expected http:\/\/host:port/],
  ["users", /"users": expected http:\/\/host:port/],
  ["", /"": expected http:\/\/host:port/],
  ["ftp://users", /"ftp:\/\/users": expected http:\/\/host:port/],
  ["http://users:8081/v1", /"http:\/\/users:8081\/v1": a gRPC server has no path or query/],
  ["http://users:8081?x=1", /a gRPC server has no path or query/],
] as const;

describe("the target of a peer's URL", () => {
  for (const [url, target, origin] of TARGETS) {
    it(`${url} is ${target}, seen as ${origin}`, () => {
      assert.equal(targetOf(url), target);
      assert.equal(originOf(target, url.startsWith("https:") ? "https" : "http"), origin);
      assert.equal(new URL(`${origin}/a.B/C`).pathname, "/a.B/C");
    });
  }

  for (const [url, message] of REFUSED) {
    it(`is refused: ${JSON.stringify(url)}`, async () => {
      assert.throws(() => targetOf(url), message);
      await assert.rejects(createPeer(ProbeService, { url }), message);
    });
  }

  it("with a password is refused without telling it", () => {
    assert.throws(
      () => targetOf("http://me:secret@users"),
      (error: Error) => /no use/.test(error.message) && !error.message.includes("secret"),
    );
  });
});
