// Good requests, as the roles' other clients send them meanwhile.
import { Buffer } from "node:buffer";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetUserRequestSchema, GetUserResponseSchema, UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import type { RoleName } from "../../src/roles.ts";
import { pathOf } from "../support/h2-frames.ts";
import { ORDER, placeOrder } from "../support/orders.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

/** Very generous: the machine may be busy with the fuzzer itself. */
const WITHIN_MS = 10_000;

type Ports = Readonly<Record<RoleName, number>>;

export type Canary = { readonly ms: number; readonly fault?: string };

/** Places an order by REST and asks for a user by gRPC; tells how long the slower of them took, and what was wrong. */
export async function goodRequests(ports: Ports): Promise<Canary> {
  const startedAt = performance.now();
  const results = await Promise.all([
    within("an order by REST", orderAt(ports.gateway)),
    within("a user by gRPC", getUser(ports.user)),
  ]);
  const fault = results.find((result) => result !== undefined);
  return { ms: Math.round(performance.now() - startedAt), fault };
}

async function within(what: string, asked: Promise<string | undefined>): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(`no answer within ${WITHIN_MS} ms`), WITHIN_MS);
  try {
    const wrong = await Promise.race([asked.catch((error: Error) => String(error.cause ?? error)), late.promise]);
    return wrong === undefined ? undefined : `${what}: ${wrong}`;
  } finally {
    clearTimeout(timer);
  }
}

async function orderAt(port: number): Promise<string | undefined> {
  const response = await placeOrder(`http://127.0.0.1:${port}`, ORDER, { connection: "close" });
  const text = await response.text();
  return response.ok && /"status":"created"/.test(text) ? undefined : `${response.status} ${text.slice(0, 500)}`;
}

async function getUser(port: number): Promise<string | undefined> {
  const session = await connectH2(port);
  try {
    const stream = open(session, "", { ":path": pathOf(UserService.method.getUser) });
    stream.end(framed(toBinary(GetUserRequestSchema, { $typeName: "shop.user.v1.GetUserRequest", id: 1 })));
    const { status, data } = await answerOf(stream);
    if (status !== 0) return `status ${status}`;
    const { user } = fromBinary(GetUserResponseSchema, Buffer.from(data.subarray(5)));
    return user?.id === 1 && user.name !== "" ? undefined : `wrong user: ${user?.id}`;
  } finally {
    session.destroy();
  }
}
