// Faults that are switched on in a running role, by clients that are not ours, over every protocol.
import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import { GetUserRequestSchema, ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { placeOrder } from "../support/orders.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
];

const codeOf = (call: Promise<unknown>): Promise<Code | "OK"> =>
  call.then(
    () => "OK" as const,
    (error) => ConnectError.from(error).code,
  );

describe("a fault that is switched on", () => {
  let shop: RolesShop;
  let faults: Client<typeof FaultService>;
  let gateway: string;

  before(async () => {
    shop = await startShop({ FAULT_SWITCHES: "true" });
    gateway = shop.url("gateway");
    faults = createClient(FaultService, createConnectTransport({ baseUrl: gateway, httpVersion: "2" }));
  });
  afterEach(() => faults.setFault({}));
  after(() => shop.close());

  const rest = () => fetch(`${gateway}/api/users/123`);

  for (const [protocol, transport] of TRANSPORTS) {
    describe(`over ${protocol}`, () => {
      let client: Client<typeof ShopService>;
      before(() => {
        client = createClient(ShopService, transport(gateway));
      });
      const getUser = (timeoutMs?: number) => client.getUser({ id: 123 }, timeoutMs ? { timeoutMs } : {});

      it("fails calls, with the code that it names", async () => {
        await faults.setFault({ fault: { errorRatio: 1 } });
        assert.equal(await codeOf(getUser()), Code.Unavailable);
        await faults.setFault({ fault: { errorRatio: 1, errorCode: "DATA_LOSS" } });
        assert.equal(await codeOf(getUser()), Code.DataLoss);
        await faults.setFault({});
        assert.equal(await codeOf(getUser()), "OK");
      });

      it("delays calls", async () => {
        await faults.setFault({ fault: { latency: durationFromMs(120) } });
        const begun = performance.now();
        await getUser();
        assert.ok(performance.now() - begun >= 119);
      });

      it("lets calls hang until their deadline, also while they are delayed", async () => {
        await faults.setFault({ fault: { hangRatio: 1 } });
        assert.equal(await codeOf(getUser(100)), Code.DeadlineExceeded);
        await faults.setFault({ fault: { latency: durationFromMs(60_000) } });
        assert.equal(await codeOf(getUser(100)), Code.DeadlineExceeded);
      });

      it("lets calls go on that hang when it is mended", async () => {
        await faults.setFault({ fault: { hangRatio: 1 } });
        const calls = [codeOf(getUser()), codeOf(getUser())];
        const race = await Promise.race([...calls, new Promise((resolve) => setTimeout(resolve, 50, "hangs"))]);
        assert.equal(race, "hangs");
        await faults.setFault({});
        assert.deepEqual(await Promise.all(calls), ["OK", "OK"]);
      });

      it("strikes streams as well", async () => {
        const { order_id: orderId } = (await (await placeOrder(gateway)).json()) as { order_id: string };
        const watch = async () => {
          for await (const { order } of client.watchOrder({ orderId })) return order?.status;
          return undefined;
        };
        await faults.setFault({ fault: { errorRatio: 1, methods: ["WatchOrder"] } });
        assert.equal(await codeOf(watch()), Code.Unavailable);
        await faults.setFault({});
        assert.equal(await watch(), "created");
      });
    });
  }

  it("strikes REST", async () => {
    await faults.setFault({ fault: { errorRatio: 1, errorCode: "INTERNAL" } });
    assert.equal((await rest()).status, 500);
    await faults.setFault({ fault: { errorRatio: 1, methods: ["GetUser"] } });
    assert.equal((await rest()).status, 503);
  });

  it("spares other methods, health, reflection and its own switch", async () => {
    await faults.setFault({ fault: { errorRatio: 1, methods: ["CreateOrder"] } });
    assert.equal((await rest()).status, 200);
    assert.equal((await placeOrder(gateway)).status, 503);
    await faults.setFault({ fault: { errorRatio: 1 } });
    const transport = createGrpcTransport({ baseUrl: gateway });
    assert.equal(await codeOf(createClient(Health, transport).check({})), "OK");
    const names: string[] = [];
    const asked = async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    };
    for await (const { messageResponse } of createClient(ServerReflection, transport).serverReflectionInfo(asked())) {
      if (messageResponse.case === "listServicesResponse")
        names.push(...messageResponse.value.service.map(({ name }) => name));
    }
    assert.ok(names.includes("mesh.v1.FaultService"));
    assert.equal((await fetch(`${gateway}/health`)).status, 200);
    assert.equal((await faults.getFault({})).fault?.errorRatio, 1);
  });

  it("strikes about the share of calls that it names", async () => {
    await faults.setFault({ fault: { errorRatio: 0.5 } });
    const answers = await Promise.all(Array.from({ length: 200 }, async () => (await rest()).status));
    const failed = answers.filter((status) => status === 503).length;
    assert.ok(failed > 50 && failed < 150, `${failed} of 200`); // six standard deviations and more
  });

  it("is told as it was set", async () => {
    const fault = { latency: durationFromMs(1500), errorRatio: 0.25, hangRatio: 0.5, methods: ["GetUser"] };
    const { fault: set } = await faults.setFault({ fault: { ...fault, errorCode: "NOT_FOUND" } });
    assert.deepEqual((await faults.getFault({})).fault, set);
    assert.deepEqual(
      [set?.latency?.seconds, set?.latency?.nanos, set?.errorRatio, set?.errorCode, set?.hangRatio, set?.methods],
      [1n, 500_000_000, 0.25, "NOT_FOUND", 0.5, ["GetUser"]],
    );
    const { fault: none } = await faults.setFault({});
    assert.deepEqual([none?.latency, none?.errorRatio, none?.errorCode, none?.methods], [undefined, 0, "", []]);
  });

  const refused: Readonly<Record<string, [Record<string, unknown>, string]>> = {
    "a share of more than all": [{ errorRatio: 1.1 }, "fault.error_ratio"],
    "shares of more than all together": [{ errorRatio: 0.6, hangRatio: 0.6 }, "fault"],
    "no number": [{ hangRatio: "NaN" }, "fault.hang_ratio"],
    "a latency that ends before it begins": [{ latency: "-1s" }, "fault.latency"],
    "a latency of hours": [{ latency: "3600s" }, "fault.latency"],
    "a code that there is not": [{ errorCode: "TEAPOT" }, "fault.error_code"],
    "success as a fault": [{ errorCode: "OK" }, "fault.error_code"],
    "a method without a name": [{ methods: [""] }, "fault.methods[0]"],
  };
  for (const [what, [fault, field]] of Object.entries(refused)) {
    it(`is refused with ${what}, and the one before goes on`, async () => {
      await faults.setFault({ fault: { errorRatio: 1 } });
      const response = await fetch(`${gateway}/mesh.v1.FaultService/SetFault`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ fault }),
      });
      const { code, message } = (await response.json()) as { code: string; message: string };
      assert.equal(code, "invalid_argument");
      assert.ok(message.includes(field), message);
      assert.equal((await rest()).status, 503);
    });
  }
});

describe("a role that ends", () => {
  it("lets go on what hangs by a fault", async () => {
    const shop = await startShop({ FAULT_SWITCHES: "true", DRAIN_TIMEOUT_MS: "5000" });
    const gateway = new URL(shop.url("gateway"));
    const faults = createClient(FaultService, createGrpcTransport({ baseUrl: gateway.origin }));
    await faults.setFault({ fault: { hangRatio: 1 } });
    const session = await connectH2(Number(gateway.port));
    const stream = open(session, "", { ":path": "/shop.gateway.v1.ShopService/GetUser" });
    stream.end(framed(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: 123 }))));
    // What was sent before a ping has been read when it is answered.
    await new Promise((answered) => session.ping(answered));
    const begun = performance.now();
    const [answer] = await Promise.all([answerOf(stream), shop.stop("gateway")]);
    assert.equal(answer.status, 0);
    assert.ok(performance.now() - begun < 3000);
    session.close();
    await shop.close();
  });
});

describe("a role without a switch for faults", () => {
  it("has no service for it", async () => {
    const shop = await startShop();
    try {
      const faults = createClient(FaultService, createGrpcTransport({ baseUrl: shop.url("gateway") }));
      assert.equal(await codeOf(faults.setFault({ fault: { errorRatio: 1 } })), Code.Unimplemented);
    } finally {
      await shop.close();
    }
  });

  it("may still be broken from its start on", async () => {
    const shop = await startShop({ FAULT_ERROR_RATIO: "1" });
    try {
      assert.equal((await fetch(`${shop.url("gateway")}/api/users/123`)).status, 503);
      assert.equal((await fetch(`${shop.url("gateway")}/health`)).status, 200);
    } finally {
      await shop.close();
    }
  });
});
