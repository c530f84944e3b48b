// A gateway of NestJS on Express, NestJS's default, and NestJS's gRPC client.
import "reflect-metadata";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { Controller, Get, Inject, Module, Param, ParseIntPipe } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type ClientGrpc, ClientsModule, Transport } from "@nestjs/microservices";
import { map, type Observable } from "rxjs";
import { file_shop_user_v1_user_service } from "../../gen/shop/user/v1/user_service_pb.js";
import { REST_ROUTE } from "../rest-call.ts";
import { decorateMethod } from "./decorate.ts";
import { descriptorSet } from "./descriptor-set.ts";

type User = { readonly id: number; readonly name: string; readonly email: string };
type UserService = { getUser(request: { id: number }): Observable<{ user: User }> };

const USERS = "USERS";

class UserController {
  readonly #users: UserService;

  constructor(client: ClientGrpc) {
    this.#users = client.getService<UserService>("UserService");
  }

  get(id: number): Observable<User> {
    return this.#users.getUser({ id }).pipe(map(({ user: { id, name, email } }) => ({ id, name, email })));
  }
}
Inject(USERS)(UserController, undefined, 0);
Param("id", ParseIntPipe)(UserController.prototype, "get", 0);
decorateMethod(UserController, "get", Get(REST_ROUTE));
Controller()(UserController);

export async function startNestRest(port: number, usersTarget: string): Promise<void> {
  class GatewayModule {}
  Module({
    imports: [
      ClientsModule.register([
        {
          name: USERS,
          transport: Transport.GRPC,
          options: {
            url: usersTarget,
            package: "shop.user.v1",
            packageDefinition: loadFileDescriptorSetFromBuffer(descriptorSet(file_shop_user_v1_user_service)),
          },
        },
      ]),
    ],
    controllers: [UserController],
  })(GatewayModule);
  const app = await NestFactory.create(GatewayModule, { logger: ["error", "warn"] });
  await app.listen(port, "127.0.0.1");
}
