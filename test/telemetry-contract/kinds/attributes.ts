// The contract: which attributes each kind of span has. A RegExp says how the value looks; undefined, that it is not there.
import { workloadOf } from "../../../src/contract.ts";
import { type RoleName, roles } from "../../../src/roles.ts";
import type { Span } from "../../telemetry/support/otlp.ts";
import type { Door } from "../support/kind.ts";
import { USER_AGENT } from "../support/send.ts";

export type Expected = Readonly<Record<string, unknown>>;

/** Whose door a service's is. */
export const ROLE_OF: Readonly<Record<string, RoleName>> = Object.fromEntries(
  roles.map((role) => [workloadOf(role).name, role.name]),
);
const SERVICE_OF_METHOD: Readonly<Record<string, RoleName>> = {
  "shop.order.v1.OrderService": "order",
  "shop.payment.v1.PaymentService": "payment",
  "shop.user.v1.UserService": "user",
};

export type Ports = (role: RoleName) => number;

/** Calls within the shop come over gRPC, from clients that name their service. */
export const WITHIN = {
  system: "grpc",
  version: "2",
  userAgent: /^(api-gateway|order-service) grpc-node-http2\//,
} as const;
export const FROM_OUTSIDE = USER_AGENT;

type Way = Pick<Door, "system" | "version"> & { readonly userAgent: unknown };

/** Of a SERVER span. */
export function serverAttributes({ name, attributes, status, resource }: Span, way: Way, ports: Ports): Expected {
  const connection = {
    "server.address": "127.0.0.1",
    "server.port": ports(ROLE_OF[String(resource["service.name"])]!),
    "client.address": "127.0.0.1",
    "network.peer.address": "127.0.0.1",
    "network.peer.port": /^\d+$/,
    "network.protocol.name": "http",
    "network.protocol.version": way.version,
    "user_agent.original": way.userAgent,
    ...(status.code === "ERROR" && { "error.type": /^[A-Z_]+$/ }),
  };
  if (way.system === "http") {
    const [method, route] = name.split(" ");
    return {
      ...connection,
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": /^\d{3}$/,
      "url.path": /^\//,
      "url.scheme": "http",
      ...(method === "_OTHER" && { "http.request.method_original": /^X\d+$/ }),
    };
  }
  return {
    ...connection,
    "rpc.system.name": way.system,
    "rpc.method": name,
    "rpc.status_code": /^[A-Z_]+$/,
    ...(name === "_OTHER" && { "rpc.method_original": /^[\w.]+\/\w+$/ }),
    ...(attributes["rpc.status_code"] === "OK" && { "error.type": undefined }),
  };
}

/** The codes of outcomes that callers reckon with, which are no errors. */
const ANSWERS = /^(OK|NOT_FOUND|FAILED_PRECONDITION|ALREADY_EXISTS)$/;

/** Of a CLIENT span of a call. */
export function clientAttributes({ name, status }: Span, ports: Ports): Expected {
  return {
    "rpc.system.name": "grpc",
    "rpc.method": name,
    "rpc.status_code": status.code === "ERROR" ? /^(?!OK$)[A-Z_]+$/ : ANSWERS,
    "server.address": "127.0.0.1",
    "server.port": ports(SERVICE_OF_METHOD[name.split("/")[0]!]!),
    ...(status.code === "ERROR" && { "error.type": /^[A-Z_]+$/ }),
  };
}

/** Of a CLIENT span of a query. */
export function queryAttributes({ name, status, resource }: Span): Expected {
  const [operation, table] = name.split(" ");
  return {
    "db.system.name": "sqlite",
    "db.namespace": `${ROLE_OF[String(resource["service.name"])]}.db`,
    "db.operation.name": operation,
    "db.collection.name": table,
    "db.query.text": new RegExp(`^${operation}\\b`, "i"),
    ...(status.code === "ERROR" && { "error.type": /^\d+$/, "db.response.status_code": /^\d+$/ }),
  };
}

/** What is not as expected: "name: actual, not expected". */
export function differences(actual: Readonly<Record<string, unknown>>, expected: Expected): string[] {
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...names].flatMap((name) => {
    const [is, should] = [actual[name], expected[name]];
    const fits = should instanceof RegExp ? is !== undefined && should.test(String(is)) : is === should;
    return fits ? [] : [`${name}: ${String(is)}, not ${String(should)}`];
  });
}
