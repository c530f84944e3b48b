// Requests as real clients send them, over real sockets.

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp1 } from "node:http";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { buffer } from "node:stream/consumers";
import { create, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import type { RoleName } from "../../../src/roles.ts";
import { statusName } from "../../../src/rpc/status-name.ts";
import { pathOf } from "../../support/h2-frames.ts";
import { answerOf, framed } from "../../support/raw-h2.ts";
import { exchange } from "../../support/tcp.ts";
import type { Call, Send } from "./kind.ts";

export const USER_AGENT = "contract/1.0";

type Fields = Readonly<Record<string, string>>;
/** What is sent may depend on the call. */
type Of<T> = T | ((call: Call) => T);
const of = <T>(value: Of<T>, call: Call): T =>
  typeof value === "function" ? (value as (call: Call) => T)(call) : value;

/** What is no bytes or text is sent as JSON. */
export type Body = string | Uint8Array | Readonly<Record<string, unknown>>;

export type HttpOptions = { readonly body?: Of<Body>; readonly headers?: Of<Fields>; readonly role?: RoleName };

const agent = new Agent({ keepAlive: true, maxSockets: 20 });

/** A request over HTTP/1.1. */
export const http1 =
  (method: string, path: Of<string>, options: HttpOptions = {}): Send =>
  async (call) => {
    const { res } = await sendHttp1(method, path, options, call);
    return { outcome: String(res.statusCode), traceResponse: first(res.headers.traceresponse) };
  };

/** The same, and its answer. */
export async function sendHttp1(method: string, path: Of<string>, options: HttpOptions, call: Call) {
  const body = bytesOf(options.body && of(options.body, call));
  const headers = {
    ...{ "user-agent": USER_AGENT, ...call.trace, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { "content-length": String(body.length) }),
    ...of(options.headers ?? {}, call),
  };
  const port = call.doors.port(options.role ?? "gateway");
  const req = requestHttp1({ host: "127.0.0.1", port, method, path: of(path, call), headers, agent });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { res, body: await buffer(res) };
}

/** A request over HTTP/2 that is no gRPC. */
export const http2 =
  (method: string, path: Of<string>, options: HttpOptions = {}): Send =>
  async (call) => {
    const body = bytesOf(options.body && of(options.body, call));
    const session = await call.doors.session(options.role ?? "gateway");
    const stream = session.request({
      ...{ ":method": method, ":path": of(path, call), "user-agent": USER_AGENT, ...call.trace },
      ...(body !== undefined && { "content-type": "application/json" }),
      ...of(options.headers ?? {}, call),
    });
    stream.on("error", () => {}).end(body);
    const { header } = await answerOf(stream);
    return { outcome: String(header?.[":status"]), traceResponse: first(header?.traceresponse) };
  };

/** Bytes that may be no HTTP. */
export const raw =
  (text: Of<string>): Send =>
  async (call) => {
    const answer = await exchange(call.doors.port("gateway"), [of(text, call)]);
    const [, outcome = "closed"] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
    return { outcome, traceResponse: /^traceresponse: (.*)$/im.exec(answer)?.[1]?.trim() };
  };

export type GrpcOptions = HttpOptions & {
  /** Instead of the request in its frame. */
  readonly bytes?: Uint8Array;
  /** Called with the stream once the request is sent. */
  readonly afterwards?: (stream: ClientHttp2Stream, session: ClientHttp2Session) => unknown;
};

const messageOf = <M extends DescMethod>({ input }: M, request: MessageInitShape<M["input"]>) =>
  toBinary(input, create<M["input"]>(input, request));

/** A call of gRPC in HTTP/2 frames. */
export const grpc = <M extends DescMethod>(
  method: M,
  request: Of<MessageInitShape<M["input"]>>,
  options: GrpcOptions = {},
): Send => grpcPath(pathOf(method), { ...options, body: (call) => messageOf(method, of(request, call)) });

/** The same for a path that may be none of ours. */
export const grpcPath =
  (path: Of<string>, options: GrpcOptions): Send =>
  async (call) => {
    const session = await call.doors.session(options.role ?? "gateway");
    const stream = session.request({
      ...{ ":method": "POST", ":path": of(path, call), "content-type": "application/grpc", te: "trailers" },
      ...{ "user-agent": USER_AGENT, ...call.trace, ...of(options.headers ?? {}, call) },
    });
    stream.on("error", () => {});
    const answered = answerOf(stream);
    stream.end(options.bytes ?? framed(of(options.body, call) as Uint8Array));
    options.afterwards?.(stream, session);
    const { header, status } = await answered;
    const traceResponse = first(header?.traceresponse);
    if (status === undefined && header !== undefined && String(header[":status"]) !== "200")
      return { outcome: String(header[":status"]), traceResponse };
    return { outcome: status === undefined ? "reset" : nameOf(status), traceResponse };
  };

/** A call of gRPC-Web over HTTP/1.1. */
export const grpcWeb =
  <M extends DescMethod>(
    method: M,
    request: Of<MessageInitShape<M["input"]>>,
    options: HttpOptions & { bytes?: Uint8Array } = {},
  ): Send =>
  async (call) => {
    const body = () => options.bytes ?? framed(messageOf(method, of(request, call)));
    const headers = { "content-type": "application/grpc-web+proto", ...of(options.headers ?? {}, call) };
    const { res, body: answer } = await sendHttp1("POST", pathOf(method), { body, headers }, call);
    const traceResponse = first(res.headers.traceresponse);
    if (res.statusCode !== 200) return { outcome: String(res.statusCode), traceResponse };
    const status = res.headers["grpc-status"] ?? /grpc-status: ?(\d+)/i.exec(answer.toString("latin1"))?.[1];
    return { outcome: nameOf(Number(status)), traceResponse };
  };

/** A unary call of Connect over HTTP/1.1, in JSON unless the headers say otherwise. */
export const connect = (method: DescMethod, body: Of<Body>, options: HttpOptions = {}): Send =>
  http1("POST", pathOf(method), { ...options, body });

/** The same as Protobuf. */
export const connectProto = <M extends DescMethod>(method: M, request: MessageInitShape<M["input"]>): Send =>
  connect(method, () => messageOf(method, request), { headers: { "content-type": "application/proto" } });

/** The same in the URL of a GET. */
export const connectGet = (method: DescMethod, request: unknown): Send => {
  const query = new URLSearchParams({ connect: "v1", encoding: "json", message: JSON.stringify(request) });
  return http1("GET", `${pathOf(method)}?${query}`);
};

function bytesOf(body: Body | undefined): Buffer | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

export function nameOf(status: number): string {
  return statusName(status === 0 ? undefined : (status as Code));
}

const first = (value: IncomingHttpHeaders[string]): string | undefined => (Array.isArray(value) ? value[0] : value);
