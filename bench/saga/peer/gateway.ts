import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Headers,
  HttpCode,
  HttpException,
  Module,
  Post,
  Res,
  ValidationPipe,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type ClientGrpc, ClientsModule } from "@nestjs/microservices";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { firstValueFrom, type Observable } from "rxjs";
import { decorateClass, decorateMethod, inject, parameterTypes } from "./decorate.ts";
import { clientOf } from "./grpc.ts";
import { CallLogging, logger } from "./logging.ts";
import { NewOrder } from "./new-order.ts";

type Reply = {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
  send(body: object): void;
};
type Created = { order: { id: string; total: { minorUnits: string; currency: string } } };
type Orders = { createOrder(request: object): Observable<Created> };

class OrdersController {
  readonly #orders: Orders;

  constructor(client: ClientGrpc) {
    this.#orders = client.getService<Orders>("OrderService");
  }

  async create(body: NewOrder, header: string | undefined, reply: Reply): Promise<object> {
    const idempotencyKey = header ?? body.idempotency_key ?? randomUUID();
    reply.header("idempotency-key", idempotencyKey);
    const currency = body.currency ?? "USD";
    const items = body.items.map(({ product_id: productId, quantity, price }) => ({
      productId,
      quantity,
      unitPrice: { minorUnits: Math.round(price * 100), currency },
    }));
    const paymentMethod = body.payment_method ?? "tok_ok";
    const request = { idempotencyKey, userId: body.user_id, items, paymentMethod };
    const { order } = await firstValueFrom(this.#orders.createOrder(request));
    const { minorUnits, currency: paidIn } = order.total;
    return { order_id: order.id, status: "created", total: { minor_units: minorUnits, currency: paidIn } };
  }
}
decorateClass(OrdersController, Controller("api/orders"));
decorateMethod(OrdersController, "create", Post(), HttpCode(200));
Body()(OrdersController.prototype, "create", 0);
Headers("idempotency-key")(OrdersController.prototype, "create", 1);
Res({ passthrough: true })(OrdersController.prototype, "create", 2);
parameterTypes(OrdersController, "create", [NewOrder, String, Object]);
inject(OrdersController, "order");

const HTTP_STATUS: Record<number, number> = {
  [status.NOT_FOUND]: 404,
  [status.FAILED_PRECONDITION]: 400,
  [status.ALREADY_EXISTS]: 409,
  [status.UNAVAILABLE]: 503,
  [status.DEADLINE_EXCEEDED]: 504,
};
const DECLINES = ["CARD_DECLINED", "INSUFFICIENT_FUNDS"];

class ErrorFilter implements ExceptionFilter {
  catch(error: { code?: number; details?: string }, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<Reply>();
    if (error instanceof HttpException) {
      reply.status(error.getStatus()).send(error.getResponse() as object);
      return;
    }
    const declined = DECLINES.includes(error.details ?? "");
    reply
      .status(declined ? 402 : (HTTP_STATUS[error.code ?? -1] ?? 500))
      .send({ message: error.details ?? "internal" });
  }
}
decorateClass(ErrorFilter, Catch());

class AppModule {}
decorateClass(
  AppModule,
  Module({ imports: [ClientsModule.register([clientOf("order")])], controllers: [OrdersController] }),
);

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ["error", "warn"],
});
app.useGlobalPipes(new ValidationPipe({ transform: true }));
app.useGlobalFilters(new ErrorFilter());
app.useGlobalInterceptors(new CallLogging());
await app.listen(Number(process.env.PORT), "127.0.0.1");
logger.info(`serves on 127.0.0.1:${process.env.PORT}`);
