// A program that serves books, orders and users in every protocol, and tells its parent what it has cost: run with an IPC channel.

import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { createLibrary } from "./library.ts";
import { startRest } from "./rest.ts";

const server = await startRest({
  services: [createLibrary().service, service(ShopService, { createOrder: () => ({}) }), service(UserService, {})],
  interceptors: [validation([LibraryService, ShopService, UserService])],
  maxRequestBytes: ({ parent, name }) => {
    if (name === "CreateOrder") return 32_768;
    return parent.typeName === UserService.typeName ? 8192 : undefined;
  },
});

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, maxRssKiB: process.resourceUsage().maxRSS });
});
process.on("disconnect", () => void server.close());
process.send?.({ url: server.url });
