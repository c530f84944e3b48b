import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { ProbeService } from "../support/probe.ts";
import { framed } from "../support/raw-h2.ts";

/** Takes a moment, unless its call is over sooner. */
const slow = service(ProbeService, {
  async unary(_, { signal }) {
    await delay(50, undefined, { signal });
    return {};
  },
});

describe("deadlines further off than a timer can be set", () => {
  let server: RpcServer;
  let url: string;
  before(async () => {
    server = createRpcServer({ services: [slow], onError: () => {} });
    url = `http://127.0.0.1:${await server.listen()}/probe.v1.ProbeService/Unary`;
  });
  after(() => server.close());

  async function call(headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>) {
    const response = await fetch(url, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  }
  const connect = (timeout: string) =>
    call({ "content-type": "application/json", "connect-timeout-ms": timeout }, JSON.stringify({}));
  const grpcWeb = (timeout: string) =>
    call({ "content-type": "application/grpc-web", "grpc-timeout": timeout }, new Uint8Array(framed(new Uint8Array())));

  for (const timeout of ["2147483647", "2147483648", "9999999999"]) {
    it(`give a Connect call its time: ${timeout} ms`, async () => {
      const { status, text } = await connect(timeout);
      assert.equal(status, 200, text);
    });
  }

  for (const timeout of ["597H", "99999999H", "99999999M", "99999999S"]) {
    it(`give a gRPC-Web call its time: ${timeout}`, async () => {
      const { text } = await grpcWeb(timeout);
      assert.match(text, /grpc-status: 0\r\n/);
    });
  }

  it("are refused if they are none", async () => {
    for (const timeout of ["99999999999", "-1", "x"]) assert.equal((await connect(timeout)).status, 400, timeout);
    assert.match((await grpcWeb("999999999H")).text, /grpc-status: 3\r\n/);
  });
});
