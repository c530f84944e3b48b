import assert from "node:assert/strict";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createLogger } from "winston";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import type { RoleParts } from "../../src/role.ts";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { reasonOf } from "../../src/rpc/outcomes.ts";
import { encodePageToken } from "../../src/rpc/page-token.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { memoryCache } from "../../src/storage/cache.ts";
import { userRole } from "../../src/user/role.ts";
import { eachDatabase } from "../support/stores.ts";

eachDatabase((database) => {
  describe("user role", () => {
    let parts: RoleParts;
    let server: RpcServer;
    let transport: GrpcTransport;
    let users: Client<typeof UserService>;

    beforeEach(async () => {
      const cache = memoryCache({ maxEntries: 100 });
      const logger = createLogger({ silent: true });
      const stores = { database: { role: "user", ...database.location() }, cache };
      parts = await userRole.start({ stores, peers: {}, settings: { demoUsers: 25 }, logger });
      const interceptors = serverInterceptors({ serviceName: "user-service", logger });
      server = createRpcServer({ services: parts.services, interceptors });
      transport = createGrpcTransport({ target: `127.0.0.1:${await server.listen()}` });
      users = createClient(UserService, transport);
    });
    afterEach(async () => {
      transport.close();
      await server.close();
      await parts.close();
    });

    const failure = async (call: Promise<unknown>): Promise<ConnectError> => {
      const error = await call.then(
        () => undefined,
        (e: unknown) => e,
      );
      assert.ok(error instanceof ConnectError);
      return error;
    };

    it("has the demo users", async () => {
      for (let i = 0; i < 2; i++) {
        const { user } = await users.getUser({ id: 7 }); // the second time from the cache
        assert.deepEqual([user?.id, user?.name, user?.email], [7, "User 7", "user7@example.com"]);
        assert.ok(user?.createTime);
      }
    });

    it("gets many, in the order asked for, and names the missing", async () => {
      const { users: found, missingIds } = await users.batchGetUsers({ ids: [9, 4_000_000_000, 3] });
      assert.deepEqual(
        found.map((u) => u.id),
        [9, 3],
      );
      assert.deepEqual(missingIds, [4_000_000_000]);
    });

    it("creates a user, who is found at once although a miss was cached", async () => {
      assert.equal(reasonOf(await failure(users.getUser({ id: 26 }))), "USER_NOT_FOUND");
      const { user } = await users.createUser({ name: "Ada", email: "ada@example.org" });
      assert.equal(user?.id, 26);
      assert.deepEqual((await users.getUser({ id: 26 })).user, user);
      const taken = await failure(users.createUser({ name: "Eve", email: "ada@example.org" }));
      assert.deepEqual([taken.code, reasonOf(taken)], [Code.AlreadyExists, "EMAIL_TAKEN"]);
    });

    it("lists by pages to the end, each user once", async () => {
      const ids: number[] = [];
      let pages = 0;
      let pageToken = "";
      do {
        const page = await users.listUsers({ pageSize: 10, pageToken });
        ids.push(...page.users.map((u) => u.id));
        pageToken = page.nextPageToken;
        pages++;
      } while (pageToken !== "");
      assert.deepEqual(
        ids,
        Array.from({ length: 25 }, (_, i) => i + 1),
      );
      assert.equal(pages, 3);
      const bad = await failure(users.listUsers({ pageToken: encodePageToken("forged") }));
      assert.deepEqual([bad.code, reasonOf(bad)], [Code.InvalidArgument, "INVALID_PAGE_TOKEN"]);
      const none = await failure(users.listUsers({ pageToken: "forged" }));
      assert.deepEqual([none.code, /^page_token: /.test(none.rawMessage)], [Code.InvalidArgument, true]);
    });
  });
});
