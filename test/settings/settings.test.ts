import assert from "node:assert/strict";
import { hostname } from "node:os";
import { roleNames } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";

/** The faults that an environment has, one a line. */
function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readSettings(env);
  } catch (error) {
    assert.ok(error instanceof Error);
    const [head, ...faults] = error.message.split("\n");
    assert.equal(head, "the environment has faults:");
    return faults.map((fault) => fault.trim());
  }
  return [];
}

const PEER = "must be http://host:port, https://host:port, or a gRPC target: dns:, ipv4:, ipv6:, unix:, xds:";
const POSTGRES = "must be postgres:// or postgresql:// and a valid rest, its user and password percent-encoded";

describe("settings", () => {
  it("have defaults for all but the role", () => {
    const { logFormat, ...telemetry } = readSettings({ ROLE: "order" }).telemetry;
    assert.equal(logFormat, process.stdout.isTTY ? "pretty" : "json");
    assert.deepEqual(
      { ...readSettings({ ROLE: "order" }), telemetry },
      {
        role: "order",
        host: "127.0.0.1",
        port: 8082,
        peers: {
          urls: {
            "shop.user.v1.UserService": "http://user-service:8081",
            "shop.payment.v1.PaymentService": "http://payment-service:8083",
          },
          retries: true,
        },
        tls: undefined,
        storage: { databaseUrl: undefined, poolMax: 10, dataDir: "data", redisUrl: undefined },
        telemetry: {
          serviceName: "order-service",
          serviceNamespace: "tracemesh",
          serviceVersion: "0.1.0",
          environment: "development",
          instanceId: `${hostname()}-${process.pid}`,
          enabled: true,
          samplingRatio: 0.1,
          metricIntervalMs: 60_000,
          logLevel: "info",
        },
        corsOrigins: ["*"],
        trustProxy: false,
        pageTracesUrl: undefined,
        connectionAgeMs: 300_000,
        maxHeldMib: 32,
        concurrencyLimit: "adaptive",
        rateLimitPerMinute: undefined,
        oidc: undefined,
        drainTimeoutMs: 10_000,
        drainIdleMs: 2_000,
        startTimeoutMs: 60_000,
        faults: { switchable: false, latencyMs: 0, errorRatio: 0, hangRatio: 0 },
        console: undefined,
        own: { recoveryIntervalMs: 2_000, recoveryRestMs: 10_000 },
      },
    );
  });

  it("take a variable that is empty or blank for unset", () => {
    const names = ["PORT", "DATABASE_URL", "CHANNEL_RETRIES", "LOG_LEVEL", "USER_SERVICE_URL", "CORS_ORIGINS"];
    const blank = Object.fromEntries(names.flatMap((name, i) => [[name, i % 2 === 0 ? "" : " "]]));
    assert.deepEqual(readSettings({ ROLE: "user", ...blank }), readSettings({ ROLE: "user" }));
  });

  it("are what the environment says", () => {
    const settings = readSettings({
      ROLE: " gateway ",
      HOST: "0.0.0.0",
      PORT: "0",
      USER_SERVICE_URL: "http://users",
      ORDER_SERVICE_URL: "ipv4:10.0.0.1:80,10.0.0.2:80",
      CHANNEL_RETRIES: "Off",
      DATABASE_URL: "postgres://shop:p%40ss@db:5433/shop?sslmode=require",
      REDIS_URL: "rediss://cache:6380/1",
      SERVICE_NAME: "b",
      OTEL_SERVICE_NAME: "a",
      OTEL_SDK_DISABLED: "1",
      OTEL_TRACES_SAMPLER_ARG: "1e-3",
      CORS_ORIGINS: "https://a.example, http://localhost:5173,",
    });
    assert.deepEqual([settings.role, settings.host, settings.port], ["gateway", "0.0.0.0", 0]);
    assert.deepEqual(settings.peers, {
      urls: {
        "shop.user.v1.UserService": "http://users",
        "shop.order.v1.OrderService": "ipv4:10.0.0.1:80,10.0.0.2:80",
      },
      retries: false,
    });
    assert.equal(settings.storage.databaseUrl, "postgres://shop:p%40ss@db:5433/shop?sslmode=require");
    assert.equal(settings.storage.redisUrl, "rediss://cache:6380/1");
    const { serviceName, enabled, samplingRatio } = settings.telemetry;
    assert.deepEqual([serviceName, enabled, samplingRatio], ["a", false, 0.001]);
    assert.deepEqual(settings.corsOrigins, ["https://a.example", "http://localhost:5173"]);
  });

  it("name all faults at once", () => {
    const env = {
      PORT: "65536",
      USER_SERVICE_URL: "user-service:8081",
      CHANNEL_RETRIES: "maybe",
      DATABASE_URL: "mysql://db/shop",
      REDIS_URL: "http://cache",
      OTEL_TRACES_SAMPLER_ARG: "10%",
      CORS_ORIGINS: "shop.example",
      LOG_LEVEL: "loud",
    };
    assert.deepEqual(faultsOf(env), [
      `ROLE is not set: must be one of ${roleNames.join(", ")}`,
      'PORT is "65536": must be a whole number from 0 to 65535',
      `USER_SERVICE_URL is "user-service:8081": ${PEER}`,
      'CHANNEL_RETRIES is "maybe": must be true or false',
      `DATABASE_URL is "mysql://db/shop": ${POSTGRES}`,
      'REDIS_URL is "http://cache": must be redis:// or rediss:// and a valid rest, its user and password percent-encoded',
      'OTEL_TRACES_SAMPLER_ARG is "10%": must be a number from 0 to 1',
      'LOG_LEVEL is "loud": must be one of error, warn, info, debug',
      'CORS_ORIGINS is "shop.example": must be *, or origins such as https://shop.example, with commas between',
    ]);
  });

  const OIDC = {
    OIDC_ISSUER: "https://login.example",
    OIDC_AUDIENCE: "shop",
    OIDC_JWKS_URL: "https://login.example/keys",
  };

  it("name a provider of tokens whole, or none", () => {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URL: jwksUrl } = OIDC;
    const expected = { issuer, audience, jwksUrl, algorithms: ["RS256", "ES256"] };
    assert.deepEqual(readSettings({ ROLE: "gateway", ...OIDC }).oidc, expected);
    const why = "needs all of OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL";
    assert.deepEqual(faultsOf({ ROLE: "gateway", OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience }), [
      `OIDC_ISSUER is "${issuer}": ${why}`,
      `OIDC_AUDIENCE is "${audience}": ${why}`,
    ]);
    for (const algorithms of ["HS256", "none", "RS256,HS512", "rs256"]) {
      const [fault = ""] = faultsOf({ ROLE: "gateway", ...OIDC, OIDC_ALGORITHMS: algorithms });
      assert.ok(fault.startsWith(`OIDC_ALGORITHMS is "${algorithms}": must be of RS256, RS384`), fault);
    }
  });

  const FAULTS = {
    FAULT_SWITCHES: "true",
    FAULT_LATENCY_MS: "200",
    FAULT_ERROR_RATIO: "0.5",
    FAULT_HANG_RATIO: "0.25",
  };

  for (const ENVIRONMENT of ["production", "prod", "Production-eu"]) {
    it(`take no faults on purpose where ENVIRONMENT is ${ENVIRONMENT}`, () => {
      const why = "must be off where ENVIRONMENT is production";
      assert.deepEqual(
        faultsOf({ ROLE: "user", ENVIRONMENT, ...FAULTS }),
        Object.entries(FAULTS).map(([name, value]) => `${name} is "${value}": ${why}`),
      );
      const off = { FAULT_SWITCHES: "false", FAULT_LATENCY_MS: "0", FAULT_ERROR_RATIO: "0", FAULT_HANG_RATIO: "0" };
      assert.deepEqual(faultsOf({ ROLE: "user", ENVIRONMENT, ...off }), []);
    });
  }

  it("take faults on purpose elsewhere, for all calls at most", () => {
    const { faults } = readSettings({ ROLE: "user", ENVIRONMENT: "reproduction", ...FAULTS });
    assert.deepEqual(faults, { switchable: true, latencyMs: 200, errorRatio: 0.5, hangRatio: 0.25 });
    assert.deepEqual(faultsOf({ ROLE: "user", FAULT_ERROR_RATIO: "0.8", FAULT_HANG_RATIO: "0.3" }), [
      'FAULT_HANG_RATIO is "0.3": must be 1 at most together with FAULT_ERROR_RATIO',
    ]);
  });

  for (const port of ["1e3", "0x50", "80.0", "-1", "8080 8081", "Infinity", "http"]) {
    it(`take no ${JSON.stringify(port)} for a port`, () => {
      assert.deepEqual(faultsOf({ ROLE: "user", PORT: port }), [
        `PORT is "${port}": must be a whole number from 0 to 65535`,
      ]);
    });
  }

  for (const url of ["https://", "http://", "http://a:99999", "http://a/b", "ftp://a", "dns:", "xds:///", "a"]) {
    it(`take no ${url} for a peer`, () => {
      assert.deepEqual(faultsOf({ ROLE: "order", PAYMENT_SERVICE_URL: url }), [
        `PAYMENT_SERVICE_URL is "${url}": ${PEER}`,
      ]);
    });
  }

  for (const origin of ["example.com", "https://a.example/", "https://a.example/x", "https://"]) {
    it(`take no ${origin} for an origin`, () => {
      assert.equal(faultsOf({ ROLE: "user", CORS_ORIGINS: origin }).length, 1);
    });
  }

  for (const [name = "", value = "", shown = ""] of [
    ["DATABASE_URL", "mysql://shop:secret@db/shop", "mysql://***@db/shop"],
    ["DATABASE_URL", "shop:secret@db/shop", "***@db/shop"],
    ["DATABASE_URL", "mysql://shop:se/cr@et@db/shop", "mysql://***@db/shop"],
    ["DATABASE_URL", "postgres://shop:se/cr@et@db:5432/shop", "postgres://***@db:5432/shop"],
    ["DATABASE_URL", "mysql://db/shop?user=shop&password=secret&x=1", "mysql://db/shop?user=shop&password=***&x=1"],
    ["REDIS_URL", "redis://:secret@cache:port", "redis://***@cache:port"],
    ["USER_SERVICE_URL", "http://shop:secret@users:80", "http://***@users:80"],
  ]) {
    it(`tell ${name} as ${shown}`, () => {
      const [fault, ...others] = faultsOf({ ROLE: "order", [name]: value });
      assert.ok(fault?.startsWith(`${name} is "${shown}": `), String(fault));
      assert.deepEqual(others, []);
    });
  }
});
