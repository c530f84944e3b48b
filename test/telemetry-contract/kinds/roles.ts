// What only callers within the mesh ask, probes and tools.
import { randomUUID } from "node:crypto";
import { Health } from "../../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.js";
import { OrderService } from "../../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../../gen/shop/user/v1/user_service_pb.js";
import type { RoleName } from "../../../src/roles.ts";
import type { Door, Kind } from "../support/kind.ts";
import { grpc, http1 } from "../support/send.ts";

const at = (role: RoleName): Door => ({ role, system: "grpc", version: "2" });
const user = { role: "user" } as const;
const order = { role: "order" } as const;
const payment = { role: "payment" } as const;

const { batchGetUsers, createUser, listUsers } = UserService.method;
const { charge, refund, getPayment } = PaymentService.method;
const key = (n: number) => ({ idempotencyKey: `contract-${n}` });

export const ROLES: readonly Kind[] = [
  {
    ...at("user"),
    name: "user: some at once",
    send: grpc(batchGetUsers, { ids: [1, 2, 99_999_999] }, user),
    answer: "OK",
    spans: ["user-service SERVER shop.user.v1.UserService/BatchGetUsers OK", "  user-service CLIENT SELECT users"],
    log: "info shop.user.v1.UserService/BatchGetUsers OK",
  },
  {
    ...at("user"),
    name: "user: a page",
    send: grpc(listUsers, { pageSize: 2 }, user),
    answer: "OK",
    spans: ["user-service SERVER shop.user.v1.UserService/ListUsers OK", "  user-service CLIENT SELECT users"],
    log: "info shop.user.v1.UserService/ListUsers OK",
  },
  {
    ...at("user"),
    name: "user: a new one",
    send: grpc(createUser, ({ n }) => ({ name: "Ada", email: `ada${n}@secret.example.com` }), user),
    answer: "OK",
    spans: ["user-service SERVER shop.user.v1.UserService/CreateUser OK", "  user-service CLIENT INSERT users"],
    log: "info shop.user.v1.UserService/CreateUser OK",
  },
  {
    ...at("user"),
    name: "user: a second one of an address",
    send: grpc(createUser, ({ n }) => ({ name: "Ada", email: `ada${n}@secret.example.com` }), user),
    answer: "ALREADY_EXISTS",
    spans: [
      "user-service SERVER shop.user.v1.UserService/CreateUser ALREADY_EXISTS",
      "  user-service CLIENT INSERT users ERROR",
    ],
    log: "info shop.user.v1.UserService/CreateUser ALREADY_EXISTS",
  },
  {
    ...at("user"),
    name: "user: a call that a channel had tried twice before",
    send: grpc(listUsers, { pageSize: 2 }, { ...user, headers: { "grpc-previous-rpc-attempts": "2" } }),
    answer: "OK",
    spans: ["user-service SERVER shop.user.v1.UserService/ListUsers OK", "  user-service CLIENT SELECT users"],
    log: "info shop.user.v1.UserService/ListUsers OK",
    attributes: { "tracemesh.rpc.previous_attempts": 2 },
  },
  {
    ...at("user"),
    name: "user: a call that Envoy had tried once before",
    send: grpc(listUsers, { pageSize: 2 }, { ...user, headers: { "x-envoy-attempt-count": "2" } }),
    answer: "OK",
    spans: ["user-service SERVER shop.user.v1.UserService/ListUsers OK", "  user-service CLIENT SELECT users"],
    log: "info shop.user.v1.UserService/ListUsers OK",
    attributes: { "tracemesh.rpc.previous_attempts": 1 },
  },
  {
    ...at("user"),
    name: "user: a page, for a caller that does not sample",
    unsampled: { service: "user-service", endpoint: "shop.user.v1.UserService/ListUsers", status: 200 },
    send: grpc(listUsers, { pageSize: 2 }, user),
    answer: "OK",
    spans: [],
    log: "info shop.user.v1.UserService/ListUsers OK",
  },
  {
    ...at("payment"),
    name: "payment: a charge",
    send: grpc(
      charge,
      ({ n }) => ({ ...key(n), amount: { currency: "USD", minorUnits: 100n }, paymentMethod: "tok_ok" }),
      payment,
    ),
    answer: "OK",
    spans: [
      "payment-service SERVER shop.payment.v1.PaymentService/Charge OK",
      "  payment-service CLIENT INSERT payments",
      "  payment-service CLIENT INSERT sandbox_captures",
      "  payment-service CLIENT BEGIN",
      "  payment-service CLIENT UPDATE payments",
      "  payment-service CLIENT INSERT ledger_entries",
      "  payment-service CLIENT COMMIT",
    ],
    log: "info shop.payment.v1.PaymentService/Charge OK",
  },
  {
    ...at("payment"),
    name: "payment: the same charge",
    send: grpc(
      charge,
      ({ n }) => ({ ...key(n), amount: { currency: "USD", minorUnits: 100n }, paymentMethod: "tok_ok" }),
      payment,
    ),
    answer: "OK",
    spans: [
      "payment-service SERVER shop.payment.v1.PaymentService/Charge OK",
      "  payment-service CLIENT INSERT payments",
      "  payment-service CLIENT SELECT payments",
    ],
    log: "info shop.payment.v1.PaymentService/Charge OK",
  },
  {
    ...at("payment"),
    name: "payment: by its key",
    send: grpc(getPayment, ({ n }) => key(n), payment),
    answer: "OK",
    spans: [
      "payment-service SERVER shop.payment.v1.PaymentService/GetPayment OK",
      "  payment-service CLIENT SELECT payments",
    ],
    log: "info shop.payment.v1.PaymentService/GetPayment OK",
  },
  {
    ...at("payment"),
    name: "payment: a refund",
    send: grpc(refund, ({ n }) => key(n), payment),
    answer: "OK",
    spans: [
      "payment-service SERVER shop.payment.v1.PaymentService/Refund OK",
      "  payment-service CLIENT INSERT payments",
      "  payment-service CLIENT SELECT payments",
      "  payment-service CLIENT INSERT sandbox_captures",
      "  payment-service CLIENT BEGIN",
      "  payment-service CLIENT UPDATE payments",
      "  payment-service CLIENT INSERT ledger_entries",
      "  payment-service CLIENT COMMIT",
    ],
    log: "info shop.payment.v1.PaymentService/Refund OK",
  },
  {
    ...at("payment"),
    name: "payment: no such key",
    send: grpc(getPayment, () => ({ idempotencyKey: randomUUID() }), payment),
    answer: "NOT_FOUND",
    spans: [
      "payment-service SERVER shop.payment.v1.PaymentService/GetPayment NOT_FOUND",
      "  payment-service CLIENT SELECT payments",
    ],
    log: "info shop.payment.v1.PaymentService/GetPayment NOT_FOUND",
  },
  {
    ...at("order"),
    name: "order: watched to its end",
    send: grpc(OrderService.method.watchOrder, ({ orders }) => ({ id: orders[0] }), order),
    answer: "OK",
    // What several watches begin with at a time is read for all of them by the query of the first.
    spans: ["order-service SERVER shop.order.v1.OrderService/WatchOrder OK", "  order-service CLIENT SELECT orders ?"],
    log: "info shop.order.v1.OrderService/WatchOrder OK",
  },
  {
    ...at("order"),
    name: "order: a probe",
    times: 20,
    send: grpc(Health.method.check, {}, order),
    answer: "OK",
    spans: ["order-service SERVER grpc.health.v1.Health/Check OK"],
    log: "debug grpc.health.v1.Health/Check OK",
  },
  {
    ...at("gateway"),
    name: "a probe",
    send: grpc(Health.method.check, {}),
    answer: "OK",
    spans: ["api-gateway SERVER grpc.health.v1.Health/Check OK"],
    log: "debug grpc.health.v1.Health/Check OK",
  },
  {
    ...at("gateway"),
    name: "a probe of no service",
    send: grpc(Health.method.check, { service: "no" }),
    answer: "NOT_FOUND",
    spans: ["api-gateway SERVER grpc.health.v1.Health/Check NOT_FOUND"],
    log: "debug grpc.health.v1.Health/Check NOT_FOUND",
  },
  {
    ...at("gateway"),
    name: "a probe that watches, until its deadline",
    times: 5,
    send: grpc(Health.method.watch, {}, { headers: { "grpc-timeout": "50m" } }),
    answer: "DEADLINE_EXCEEDED",
    spans: ["api-gateway SERVER grpc.health.v1.Health/Watch DEADLINE_EXCEEDED ERROR"],
    log: "debug grpc.health.v1.Health/Watch DEADLINE_EXCEEDED",
  },
  {
    ...at("gateway"),
    name: "a probe that watches, until it is cancelled",
    times: 5,
    send: grpc(Health.method.watch, {}, { afterwards: (stream) => stream.once("data", () => stream.close(8)) }),
    answer: "reset",
    spans: ["api-gateway SERVER grpc.health.v1.Health/Watch CANCELLED"],
    log: "debug grpc.health.v1.Health/Watch CANCELLED",
  },
  {
    ...at("gateway"),
    name: "reflection",
    send: grpc(ServerReflection.method.serverReflectionInfo, { messageRequest: { case: "listServices", value: "" } }),
    answer: "OK",
    spans: ["api-gateway SERVER grpc.reflection.v1.ServerReflection/ServerReflectionInfo OK"],
    log: "debug grpc.reflection.v1.ServerReflection/ServerReflectionInfo OK",
  },
  {
    role: "user",
    system: "http",
    version: "1.1",
    name: "HTTP to a role that has none",
    send: http1("GET", "/health", user),
    answer: "404",
    spans: ["user-service SERVER GET _OTHER 404"],
    log: "debug GET _OTHER 404",
  },
];
