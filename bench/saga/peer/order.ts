import { createHash, randomUUIDv7 } from "node:crypto";
import { Controller } from "@nestjs/common";
import { type ClientGrpc, ClientsModule, GrpcMethod } from "@nestjs/microservices";
import { getRepositoryToken, TypeOrmModule } from "@nestjs/typeorm";
import { firstValueFrom, type Observable } from "rxjs";
import type { Repository } from "typeorm";
import { database, type Item, type Order, OrderEntity } from "./database.ts";
import { decorateClass, decorateMethod, inject } from "./decorate.ts";
import { clientOf, failure, reasonOf, serveGrpc } from "./grpc.ts";
import { logger } from "./logging.ts";

type CreateOrderRequest = { idempotencyKey: string; userId: number; items: Item[]; paymentMethod: string };
type Users = { getUser(request: { id: number }): Observable<unknown> };
type Payments = { charge(request: object): Observable<unknown> };

const UNIQUE_VIOLATION = "23505";
const DECLINES = ["CARD_DECLINED", "INSUFFICIENT_FUNDS"];

class OrderController {
  readonly #orders: Repository<Order>;
  readonly #users: Users;
  readonly #payments: Payments;

  constructor(orders: Repository<Order>, users: ClientGrpc, payments: ClientGrpc) {
    this.#orders = orders;
    this.#users = users.getService<Users>("UserService");
    this.#payments = payments.getService<Payments>("PaymentService");
  }

  async createOrder(request: CreateOrderRequest): Promise<{ order: object }> {
    const { userId, idempotencyKey: key, items, paymentMethod } = request;
    const fingerprint = createHash("sha256")
      .update(JSON.stringify([items, paymentMethod]))
      .digest("base64url");
    const known = await this.#orders.findOneBy({ userId, key });
    if (known !== null) return await this.#repeat(known, fingerprint);
    await this.#checkUser(userId);
    const now = String(Date.now());
    const order: Order = {
      id: randomUUIDv7(),
      userId,
      key,
      fingerprint,
      items,
      ...totalOf(items),
      paymentMethod,
      state: "pending",
      rejectReason: null,
      createdAt: now,
      updatedAt: now,
    };
    try {
      await this.#orders.insert(order);
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      return await this.#repeat(await this.#orders.findOneByOrFail({ userId, key }), fingerprint);
    }
    logger.info({ order_id: order.id, order_state: order.state }, "order changed");
    return answer(await this.#settle(order));
  }

  async #repeat(order: Order, fingerprint: string): Promise<{ order: object }> {
    if (order.fingerprint !== fingerprint) throw failure("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED");
    return answer(order.state === "pending" ? await this.#settle(order) : order);
  }

  async #checkUser(id: number): Promise<void> {
    try {
      await firstValueFrom(this.#users.getUser({ id }));
    } catch (error) {
      throw reasonOf(error) === "USER_NOT_FOUND" ? failure("FAILED_PRECONDITION", "USER_UNKNOWN") : error;
    }
  }

  async #settle(order: Order): Promise<Order> {
    const rejectReason = await this.#charge(order);
    const updatedAt = String(Date.now());
    const change = { state: rejectReason === null ? "paid" : "rejected", rejectReason, updatedAt } as const;
    const { affected } = await this.#orders.update({ id: order.id, state: "pending" }, change);
    if (affected !== 1) return await this.#orders.findOneByOrFail({ id: order.id });
    logger.info({ order_id: order.id, order_state: change.state, reason: rejectReason }, "order changed");
    return { ...order, ...change };
  }

  /** The reason why the card was declined, or null if it was charged. */
  async #charge({ id, minorUnits, currency, paymentMethod }: Order): Promise<string | null> {
    try {
      const amount = { minorUnits, currency };
      await firstValueFrom(this.#payments.charge({ idempotencyKey: id, amount, paymentMethod }));
      return null;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== undefined && DECLINES.includes(reason)) return reason;
      throw error;
    }
  }
}
decorateClass(OrderController, Controller());
decorateMethod(OrderController, "createOrder", GrpcMethod("OrderService", "CreateOrder"));
inject(OrderController, getRepositoryToken(OrderEntity), "user", "payment");

function totalOf(items: readonly Item[]): { minorUnits: string; currency: string } {
  const sum = items.reduce((total, item) => total + BigInt(item.unitPrice.minorUnits) * BigInt(item.quantity), 0n);
  return { minorUnits: String(sum), currency: items[0]!.unitPrice.currency };
}

function answer({ id, userId, items, minorUnits, currency, state, rejectReason, createdAt, updatedAt }: Order) {
  if (state === "rejected") throw failure("FAILED_PRECONDITION", rejectReason ?? "CARD_DECLINED");
  const total = { minorUnits, currency };
  const times = { createTime: timestamp(createdAt), updateTime: timestamp(updatedAt) };
  return { order: { id, userId, items, total, state: `ORDER_STATE_${state.toUpperCase()}`, ...times } };
}

const timestamp = (ms: string) => ({ seconds: Math.floor(Number(ms) / 1000), nanos: (Number(ms) % 1000) * 1e6 });

await serveGrpc("order", {
  imports: [
    database(OrderEntity),
    TypeOrmModule.forFeature([OrderEntity]),
    ClientsModule.register([clientOf("user"), clientOf("payment")]),
  ],
  controllers: [OrderController],
});
