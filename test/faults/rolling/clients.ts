// Clients that call two gateways without a balancer in between, as each kind does it. None of them tries a call again on its own.
import { Agent, request as httpRequest } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createGrpcTransport as createConnectNodeGrpc,
  createConnectTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Client, credentials } from "@grpc/grpc-js";
import {
  CreateOrderRequestSchema,
  GetUserRequestSchema,
  ShopService,
} from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";

/** One call; rejects if it fails. */
export type Caller = {
  readonly name: string;
  call(n: number): Promise<void>;
  close?(): void;
};

const USER_ID = 1;
const ITEMS = [{ productId: 1, quantity: 1, price: 9.99 }];
const ROUND_ROBIN = { "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };

/** Methods and requests, for clients that are given bytes. */
export const GET_USER = [
  `/${ShopService.typeName}/GetUser`,
  Buffer.from(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: USER_ID }))),
] as const;
export const CREATE_ORDER = [
  `/${ShopService.typeName}/CreateOrder`,
  Buffer.from(toBinary(CreateOrderRequestSchema, create(CreateOrderRequestSchema, { userId: USER_ID, items: ITEMS }))),
] as const;

/** All kinds, for gateways at these ports. */
export function callers(ports: readonly number[]): Caller[] {
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join()}`;
  return [
    restByAgent(ports),
    restByFetch(urls),
    grpcJs(target),
    stub("our client", [createGrpcTransport({ target, channelOptions: ROUND_ROBIN })]),
    ...(["1.1", "2"] as const).flatMap((httpVersion) => [
      stub(
        `Connect over HTTP/${httpVersion}`,
        urls.map((baseUrl) => createConnectTransport({ baseUrl, httpVersion })),
      ),
      stub(
        `gRPC-Web over HTTP/${httpVersion}`,
        urls.map((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion })),
      ),
    ]),
    stub(
      "connect-node's gRPC",
      urls.map((baseUrl) => createConnectNodeGrpc({ baseUrl })),
    ),
  ];
}

/** Reads and orders in turn, at each place in turn; goes on to the next one if the call was not sent. */
function caller<Place>(
  name: string,
  places: readonly Place[],
  calls: { read(at: Place): Promise<unknown>; order(at: Place): Promise<unknown> },
): Caller {
  return {
    name,
    async call(n) {
      const first = n % places.length;
      for (const place of [...places.slice(first), ...places.slice(0, first)]) {
        try {
          await (n % 3 === 0 ? calls.order(place) : calls.read(place));
          return;
        } catch (error) {
          if (!wasNotSent(error)) throw error;
        }
      }
      throw new Error("no gateway listens");
    },
  };
}

function stub(name: string, transports: readonly Transport[]): Caller {
  const clients = transports.map((transport) => createClient(ShopService, transport));
  return caller(name, clients, {
    read: (client) => client.getUser({ id: USER_ID }),
    order: (client) => client.createOrder({ userId: USER_ID, items: ITEMS }),
  });
}

const ORDER_JSON = JSON.stringify({ user_id: USER_ID, items: [{ product_id: 1, quantity: 1, price: 9.99 }] });

function restByFetch(urls: readonly string[]): Caller {
  const send = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    const body = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${body}`);
  };
  const headers = { "content-type": "application/json" };
  return caller("REST by fetch", urls, {
    read: (url) => send(`${url}/api/users/${USER_ID}`),
    order: (url) => send(`${url}/api/orders`, { method: "POST", headers, body: ORDER_JSON }),
  });
}

function restByAgent(ports: readonly number[]): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (port: number, method: string, path: string, body = "") => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = httpRequest({ agent, host: "127.0.0.1", port, method, path, headers }, (response) => {
      let answer = "";
      response.setEncoding("utf8").on("error", reject);
      response.on("data", (text) => {
        answer += text;
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${response.statusCode} ${answer}`));
      });
    });
    request.on("error", reject).end(body);
    return promise;
  };
  return caller("REST by an agent that keeps connections", ports, {
    read: (port) => send(port, "GET", `/api/users/${USER_ID}`),
    order: (port) => send(port, "POST", "/api/orders", ORDER_JSON),
  });
}

function grpcJs(target: string): Caller {
  const client = new Client(target, credentials.createInsecure(), ROUND_ROBIN);
  const unary = ([method, request]: readonly [string, Buffer]) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const options = { deadline: Date.now() + 10_000 };
    const asIs = (bytes: Buffer) => bytes;
    client.makeUnaryRequest(method, asIs, asIs, request, options, (error) => (error ? reject(error) : resolve()));
    return promise;
  };
  return { name: "grpc-js", call: (n) => unary(n % 3 === 0 ? CREATE_ORDER : GET_USER), close: () => client.close() };
}

/**
 * Whether nothing was sent: nobody listened, or the GOAWAY came between the call and the writing of its headers. Then node itself refuses the
 * stream, which connect-node tells its caller instead of taking another connection.
 */
function wasNotSent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (/ECONNREFUSED|NGHTTP2_REFUSED_STREAM/.test(`${cause.message} ${"code" in cause ? cause.code : ""}`))
      return true;
  }
  return false;
}
