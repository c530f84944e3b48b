// Encrypted ports and connections between roles: what they speak, what they refuse, and certificates that change.
import assert from "node:assert/strict";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { connect as connectTcp } from "node:net";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createLogger, transports } from "winston";
import { Health, HealthCheckResponse_ServingStatus } from "../../gen/grpc/health/v1/health_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { startApp } from "../../src/app.ts";
import { readSettings } from "../../src/settings.ts";
import { createAuthority } from "../../tools/certificates/authority.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER } from "../support/orders.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { type ShopCertificates, shopCertificates } from "./certificates.ts";

describe("a shop over TLS", function () {
  this.timeout(60_000);
  let certificates: ShopCertificates;
  let shop: RolesShop;
  let gateway: URL;

  before(async () => {
    certificates = await shopCertificates();
    shop = await startShop({}, { envOf: certificates.envOf, scheme: "https" });
    gateway = new URL(shop.url("gateway"));
  });
  after(async () => {
    await shop.close();
    await certificates.remove();
  });

  const ca = () => certificates.authority.cert;
  const port = () => Number(gateway.port);

  /** Over HTTP/1.1, as curl --cacert does. */
  async function rest(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
    const headers = { "content-type": "application/json" };
    const sent = request(new URL(path, gateway), { method, ca: ca(), headers });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(sent, "response");
    return { status: response.statusCode, body: await text(response) };
  }

  /** A connection whose handshake is done. */
  async function secured(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ host: "127.0.0.1", port: port(), ca: ca(), ...options });
    await once(socket, "secureConnect");
    return socket;
  }

  it("takes orders, through all of its roles", async () => {
    const { status, body } = await rest("POST", "/api/orders", ORDER);
    assert.equal(status, 200, body);
    assert.equal((JSON.parse(body) as { status: string }).status, "created");
    assert.deepEqual(await rest("GET", "/health"), { status: 200, body: "OK" });
  });

  it("speaks HTTP/2 and HTTP/1.1, by ALPN, and with TLS 1.2 and 1.3 alone", async () => {
    const spoken = async (ALPNProtocols: string[], options: ConnectionOptions = {}) => {
      const socket = await secured({ ALPNProtocols, ...options });
      const told = [socket.alpnProtocol, socket.getProtocol()];
      socket.destroy();
      return told;
    };
    assert.deepEqual(await spoken(["h2", "http/1.1"]), ["h2", "TLSv1.3"]);
    assert.deepEqual(await spoken(["http/1.1"]), ["http/1.1", "TLSv1.3"]);
    assert.deepEqual(await spoken(["h2"], { maxVersion: "TLSv1.2" }), ["h2", "TLSv1.2"]);
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await assert.rejects(secured(old), /alert|protocol|ECONNRESET/i);
    const weak = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA:AES128-SHA:@SECLEVEL=0" } as const;
    await assert.rejects(secured(weak), /alert|handshake|ECONNRESET/i);
    await assert.rejects(secured({ ALPNProtocols: ["spdy/3"] }), /alert|ECONNRESET/i);
  });

  it("ends what is not encrypted, and goes on", async () => {
    for (const line of ["GET /health HTTP/1.1\r\nhost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0"]) {
      const socket = connectTcp(port(), "127.0.0.1");
      socket.on("error", () => {});
      socket.end(line);
      socket.resume();
      await once(socket, "close");
    }
    assert.equal((await rest("GET", "/health")).status, 200);
  });

  it("tells browsers to come over TLS again", async () => {
    const sent = request(new URL("/api/users/123", gateway), { ca: ca() });
    sent.end();
    const [response] = await once(sent, "response");
    assert.equal(response.headers["strict-transport-security"], "max-age=31536000");
    response.resume();
  });

  it("tells callers over which scheme they came", async () => {
    const client = createClient(
      ShopService,
      createGrpcTransport({ baseUrl: gateway.origin, nodeOptions: { ca: ca() } }),
    );
    assert.equal((await client.getUser({ id: 123 })).user?.id, 123);
  });

  it("stops at once although a handshake has not been made", async () => {
    const own = await startShop({ DRAIN_TIMEOUT_MS: "5000" }, { envOf: certificates.envOf, scheme: "https" });
    const socket = connectTcp(Number(new URL(own.url("user")).port), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    const begun = performance.now();
    await own.close();
    assert.ok(performance.now() - begun < 3000);
  });

  it("refuses a server that is another workload than the one that is called", async () => {
    const envOf = (role: Parameters<ShopCertificates["envOf"]>[0]) => {
      const env = certificates.envOf(role);
      const { TLS_CERT_FILE, TLS_KEY_FILE } = certificates.envOf("payment");
      return role === "user" ? { ...env, TLS_CERT_FILE, TLS_KEY_FILE } : env;
    };
    // The addresses of all certificates are the same here, so that only the name of the workload tells them apart.
    const odd = await startShop({}, { envOf, scheme: "https" });
    try {
      const sent = request(new URL("/api/users/123", odd.url("gateway")), { ca: ca() });
      sent.end();
      const [response] = await once(sent, "response");
      assert.equal(response.statusCode, 503, await text(response));
    } finally {
      await odd.close();
    }
  });
});

describe("a certificate", function () {
  this.timeout(60_000);
  let certificates: ShopCertificates;
  beforeEach(async () => {
    certificates = await shopCertificates();
  });
  afterEach(() => certificates.remove());

  it("that goes bad later is not used, which is told once; the next good one is", async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(line, _, done) {
        lines.push(String(line));
        done();
      },
    });
    const logger = createLogger({ transports: [new transports.Stream({ stream })] });
    const files = certificates.envOf("user");
    const env = { ROLE: "user", PORT: "0", DATA_DIR: certificates.folder, DRAIN_IDLE_MS: "0", ...files };
    const app = await startApp(readSettings(env), logger);
    const told = (text: string) => lines.filter((line) => line.includes(text));
    const healthy = async () => {
      const nodeOptions = { ca: certificates.authority.cert };
      const transport = createGrpcTransport({ baseUrl: `https://127.0.0.1:${app.port}`, nodeOptions });
      assert.equal((await createClient(Health, transport).check({})).status, SERVING);
    };
    await healthy();
    await writeFile(files.TLS_KEY_FILE, "no key");
    await eventually(() => assert.equal(told("cannot be used").length, 1));
    assert.match(told("cannot be used")[0]!, /key\.pem is no private key of .*cert\.pem/);
    await healthy();
    await rm(files.TLS_CERT_FILE);
    await eventually(() => assert.equal(told("cannot be read").length, 1));
    await healthy();
    await certificates.renew("user");
    await eventually(() => assert.equal(told("the certificate is renewed").length, 1));
    assert.equal(told("cannot be used").length, 2);
    await healthy();
    await app.stop();
  });

  const bad: Readonly<Record<string, [(files: Files) => Promise<unknown> | NodeJS.ProcessEnv, RegExp]>> = {
    "is not there": [(files) => rm(files.TLS_CERT_FILE), /^TLS_CERT_FILE is ".*": .*cert\.pem cannot be read: ENOENT/],
    "is no certificate": [(files) => writeFile(files.TLS_CERT_FILE, "hello"), /cert\.pem is no certificate in PEM/],
    "has another key": [
      async (files) => writeFile(files.TLS_KEY_FILE, (await (await createAuthority("x")).issue({ name: "x" })).key),
      /key\.pem is no private key of .*cert\.pem/,
    ],
    "has an authority that is none": [(files) => writeFile(files.TLS_CA_FILE, ""), /ca\.pem is no certificate in PEM/],
    "has no key": [() => ({ TLS_KEY_FILE: "" }), /^TLS_CERT_FILE is ".*": needs both TLS_CERT_FILE and TLS_KEY_FILE/],
  };
  for (const [what, [spoil, fault]] of Object.entries(bad)) {
    it(`that ${what} lets no role start, which is told in a line`, async () => {
      const files = certificates.envOf("user");
      const changed = await spoil(files);
      assert.throws(
        () => readSettings({ ROLE: "user", ...files, ...(changed as NodeJS.ProcessEnv | undefined) }),
        (error: Error) => {
          const [head, line = ""] = error.message.split("\n");
          assert.equal(head, "the environment has faults:");
          assert.match(line.trim(), fault);
          return true;
        },
      );
    });
  }
});

const SERVING = HealthCheckResponse_ServingStatus.SERVING;
type Files = ReturnType<ShopCertificates["envOf"]>;
