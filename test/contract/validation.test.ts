import assert from "node:assert/strict";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcWebTransport,
  createGrpcTransport as createStockTransport,
} from "@connectrpc/connect-node";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { invalidFields } from "../../src/rpc/errors.ts";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { service } from "../../src/rpc/service.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";

const LONG = { text: "", short: "longer than ten" };
const TOO_LONG = { field: "payload.short", description: "must be at most 10 characters" };

/** Code, message and field violations of the error that a promise rejects with. */
async function errorOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => assert.fail("no error"),
    (reason: unknown) => ConnectError.from(reason),
  );
  const violations = error.findDetails(BadRequestSchema).flatMap((d) => d.fieldViolations);
  const fields = violations.map(({ field, description }) => ({ field, description }));
  return { code: error.code, message: error.rawMessage, fields };
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

async function* each<T>(...messages: T[]) {
  yield* messages;
}

describe("validation", () => {
  let server: ProbeServer;
  let ordersCreated = 0;
  const order = service(OrderService, {
    createOrder: () => {
      ordersCreated++;
      return {};
    },
  });
  before(async () => {
    server = await startProbeServer({ services: [order], interceptors: [validation([ProbeService, OrderService])] });
  });
  after(() => server.close());

  const transports: Record<string, () => Transport> = {
    "our gRPC client": () => createGrpcTransport({ target: `127.0.0.1:${server.port}` }),
    "connect-node's gRPC client": () => createStockTransport({ baseUrl: server.baseUrl }),
    "gRPC-Web": () => createGrpcWebTransport({ baseUrl: server.baseUrl, httpVersion: "2" }),
    "Connect with JSON": () =>
      createConnectTransport({ baseUrl: server.baseUrl, httpVersion: "2", useBinaryFormat: false }),
  };
  for (const [name, createTransport] of Object.entries(transports)) {
    describe(`for ${name}`, () => {
      const probe = () => createClient(ProbeService, createTransport());
      const refused = {
        code: Code.InvalidArgument,
        message: "payload.short: must be at most 10 characters",
        fields: [TOO_LONG],
      };

      it("refuses a request before its handler", async () => {
        const { attempts, finished } = server.seen;
        assert.deepEqual(await errorOf(probe().unary({ payload: LONG })), refused);
        assert.deepEqual(await errorOf(collect(probe().serverStream({ payload: LONG }))), refused);
        assert.deepEqual([server.seen.attempts, server.seen.finished], [attempts, finished]);
      });

      it("refuses a message of a stream, after those before it", async () => {
        const { received } = server.seen;
        const messages = () => each({ payload: { n: 1 } }, { payload: LONG }, { payload: { n: 3 } });
        assert.deepEqual(await errorOf(probe().clientStream(messages())), refused);
        assert.equal(server.seen.received, received + 1);
        const answers: number[] = [];
        const bidi = async () => {
          for await (const { payload } of probe().bidiStream(messages())) answers.push(payload?.n ?? 0);
        };
        assert.deepEqual(await errorOf(bidi()), refused);
        assert.deepEqual(answers, [2]);
      });

      it("lets through what is right, and does not look at responses", async () => {
        const { payload } = await probe().unary({ payload: { n: 1, short: "ten chars!" } });
        assert.equal(payload?.n, 2);
        const { payload: last } = await probe().clientStream(each({ payload: { n: 1 } }, { payload: { n: 2 } }));
        assert.equal(last?.n, 2);
      });

      it("tells all violations, with paths into lists and messages, and rules over several fields", async () => {
        ordersCreated = 0;
        const money = { minorUnits: -1n, currency: "USD" };
        const request = {
          idempotencyKey: "a b",
          userId: 1,
          items: [
            { productId: 1, quantity: 1, unitPrice: money },
            { productId: 0, quantity: 1, unitPrice: { minorUnits: 1n, currency: "EUR" } },
          ],
          paymentMethod: "tok_ok",
        };
        const { code, message, fields } = await errorOf(
          createClient(OrderService, createTransport()).createOrder(request),
        );
        assert.deepEqual(fields, [
          { field: "idempotency_key", description: "does not match regex pattern `^[!-~]{1,128}$`" },
          {
            field: "items[0].unit_price.minor_units",
            description: "must be greater than or equal to 0 and less than or equal to 1000000000000",
          },
          { field: "items[1].product_id", description: "must be greater than 0" },
          { field: "", description: "all items must be in one currency" },
        ]);
        assert.equal(code, Code.InvalidArgument);
        const texts = fields.map((f) => (f.field === "" ? f.description : `${f.field}: ${f.description}`));
        assert.equal(message, texts.join("; "));
        assert.equal(ordersCreated, 0);
      });

      it("tells no more than clients can receive", async () => {
        const items = Array.from({ length: 100 }, () => ({ productId: 0, quantity: 0 }));
        const request = { idempotencyKey: "k", userId: 1, items, paymentMethod: "tok_ok" };
        const { code, message, fields } = await errorOf(
          createClient(OrderService, createTransport()).createOrder(request),
        );
        assert.deepEqual([code, fields.length], [Code.InvalidArgument, 32]);
        assert.match(message, /; and more$/);
      });
    });
  }

  it("makes one google.rpc.BadRequest, without the values", () => {
    const error = invalidFields([TOO_LONG], "cause");
    assert.equal(error.details.length, 1);
    assert.equal(error.cause, "cause");
  });
});
