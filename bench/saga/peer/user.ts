import { Controller } from "@nestjs/common";
import { GrpcMethod } from "@nestjs/microservices";
import { getRepositoryToken, TypeOrmModule } from "@nestjs/typeorm";
import type { Repository } from "typeorm";
import { database, type User, UserEntity } from "./database.ts";
import { decorateClass, decorateMethod, inject } from "./decorate.ts";
import { failure, serveGrpc } from "./grpc.ts";

const USERS = 1000;
const TTL_MS = 60_000;

class UserController {
  readonly #users: Repository<User>;
  readonly #cache = new Map<number, { user: User; until: number }>();

  constructor(users: Repository<User>) {
    this.#users = users;
  }

  async onModuleInit(): Promise<void> {
    const users = Array.from({ length: USERS }, (_, i) => i + 1).map((id) => ({
      id,
      name: `User ${id}`,
      email: `user${id}@example.com`,
    }));
    await this.#users.createQueryBuilder().insert().values(users).orIgnore().execute();
  }

  async getUser({ id }: { id: number }): Promise<{ user: User }> {
    const now = Date.now();
    const cached = this.#cache.get(id);
    if (cached !== undefined && cached.until > now) return { user: cached.user };
    const user = await this.#users.findOneBy({ id });
    if (user === null) throw failure("NOT_FOUND", "USER_NOT_FOUND");
    this.#cache.set(id, { user, until: now + TTL_MS });
    return { user };
  }
}
decorateClass(UserController, Controller());
decorateMethod(UserController, "getUser", GrpcMethod("UserService", "GetUser"));
inject(UserController, getRepositoryToken(UserEntity));

await serveGrpc("user", {
  imports: [database(UserEntity), TypeOrmModule.forFeature([UserEntity])],
  controllers: [UserController],
});
