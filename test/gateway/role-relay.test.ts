// The console's way to the roles, and those who would like to use it for something else.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { createRoleRelay } from "../../src/rpc/console/role-relay.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { connectTcp } from "../support/tcp.ts";

const GET_USER = "/console/roles/user-service/shop.user.v1.UserService/GetUser";

describe("the way to the roles", () => {
  let shop: RolesShop;
  let gateway: string;
  before(async () => {
    shop = await startShop({ CONSOLE: "true" });
    gateway = shop.url("gateway");
  });
  after(() => shop.close());

  /** The answer to what is said on a connection, as text. */
  async function sent(text: string): Promise<string> {
    const socket = await connectTcp(Number(new URL(gateway).port));
    socket.setEncoding("utf8").write(text);
    const [answer] = await once(socket, "data");
    socket.destroy();
    return answer;
  }
  const statusIn = (answer: string) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);

  it("leads to the roles and nowhere else, however its target is written", async () => {
    const met: string[] = [];
    const other = createServer((req, res) => {
      met.push(String(req.url));
      res.end();
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    for (const target of [
      `/console/roles/user-service/\\127.0.0.1:${port}/a\\b`,
      `/console/roles/user-service//127.0.0.1:${port}/a`,
      `/console/roles/user-service/@127.0.0.1:${port}/a`,
      "/console/roles/user-service/%2e%2e/a",
      "/console/roles/user-service/../a",
      "/console/roles/user-service/\\[/x",
    ])
      assert.equal(
        statusIn(await sent(`POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`)),
        404,
        target,
      );
    const whole = `POST http://localhost${GET_USER} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"id":7}`;
    assert.equal(statusIn(await sent(whole)), 200);
    assert.deepEqual(met, []);
    other.close();
  });

  it("takes no body for another request", async () => {
    const inner = "POST /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    for (const method of ["GET", "DELETE", "OPTIONS", "PUT"]) {
      await sent(
        `${method} ${GET_USER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
      );
      const answer = await fetch(gateway + GET_USER, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"id":7}',
      });
      assert.deepEqual([answer.status, ((await answer.json()) as { user: { id: number } }).user.id], [200, 7], method);
    }
  });

  it("outlives roles that answer nonsense, or not to the end", async () => {
    const nonsense = [
      "HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
      "SSH-2.0\r\n\r\n",
      "",
    ];
    for (const text of nonsense) {
      const role = createTcpServer((socket) => socket.on("error", () => {}).on("data", () => socket.end(text))).listen(
        0,
        "127.0.0.1",
      );
      await once(role, "listening");
      const { port } = role.address() as AddressInfo;
      const relay = createRoleRelay([{ name: "user-service", url: `http://127.0.0.1:${port}` }]);
      const server = createRpcServer({ services: [], http: relay.handle });
      const own = `http://127.0.0.1:${await server.listen()}`;
      for (const httpVersion of ["1.1", "2"] as const) {
        const transport = createConnectTransport({ baseUrl: `${own}/console/roles/user-service`, httpVersion });
        await failureOf(createClient(UserService, transport).getUser({ id: 7 }, { timeoutMs: 5000 }));
      }
      await server.close();
      role.close();
    }
  });
});
