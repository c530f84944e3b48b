// The request body for connect-node: within limits, decompressed, and with valid messages only.
import { Buffer } from "node:buffer";
import type { DescMethod, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import { FrameQueue } from "../frame-queue.ts";
import { decompress, unzip } from "../grpc/compression.ts";
import { type Frame, frame } from "../grpc/framing.ts";
import { compactly } from "../pause-compactly.ts";
import { checkMessage, type MessageFormat } from "./check-message.ts";
import type { PlainCall } from "./plain-call.ts";
import { readBody } from "./read-body.ts";

type Bytes = Buffer<ArrayBuffer>;

/** How the messages of a request are sent. */
export type BodyKind = {
  readonly format: MessageFormat;
  /** Whether messages are framed, as in Connect streams and gRPC-Web. */
  readonly framed: boolean;
  /** The header that names the compression. */
  readonly encodingHeader: "content-encoding" | "connect-content-encoding" | "grpc-encoding";
};

const KINDS: readonly (readonly [contentType: RegExp, framed: boolean, encodingHeader: BodyKind["encodingHeader"]])[] =
  [
    [/^application\/(json|proto)\s*(;|$)/i, false, "content-encoding"],
    [/^application\/connect\+(json|proto)\s*(;|$)/i, true, "connect-content-encoding"],
    [/^application\/grpc-web(?:\+(json|proto))?\s*(;|$)/i, true, "grpc-encoding"],
  ];

/** The kind of a content type; undefined if connect-node will refuse it. */
export function bodyKindOf(contentType = ""): BodyKind | undefined {
  for (const [type, framed, encodingHeader] of KINDS) {
    const match = type.exec(contentType);
    if (match !== null)
      return { format: match[1]?.toLowerCase() === "json" ? "json" : "proto", framed, encodingHeader };
  }
  return undefined;
}

export type BodyReader = {
  readonly call: PlainCall;
  readonly method: DescMethod;
  readonly kind: BodyKind;
  readonly maxBytes: number;
  readonly registry: Registry;
  /** Gets the requestFault of an unreadable single message, which is replaced by an empty one. */
  readonly values: ContextValues;
};

/** The messages of a request in the form of its protocol, but without compression. */
export function requestBody(reader: BodyReader): AsyncIterable<Bytes> {
  return { [Symbol.asyncIterator]: () => messagesOf(reader)[Symbol.asyncIterator]() };
}

/** If the request has a fault when it is about to be read, it is refused, whatever was sent. */
function messagesOf(reader: BodyReader): AsyncIterable<Bytes> {
  if (reader.values.get(requestFault) !== undefined) return emptyBody(reader);
  return reader.kind.framed ? framedBody(reader) : singleBody(reader);
}

async function* emptyBody(reader: BodyReader): AsyncIterable<Bytes> {
  const message = emptyMessage(reader);
  yield reader.kind.framed ? (frame(message) as Bytes) : message;
}

async function* singleBody(reader: BodyReader): AsyncIterable<Bytes> {
  const { call, maxBytes, values } = reader;
  try {
    const sent = await readBody(call, maxBytes);
    const bytes = isGzip(reader) ? await unzip(sent, maxBytes) : sent;
    check(bytes, reader);
    yield bytes as Bytes;
  } catch (error) {
    values.set(requestFault, ConnectError.from(error));
    yield emptyMessage(reader);
  }
}

async function* framedBody(reader: BodyReader): AsyncIterable<Bytes> {
  const queue = openQueue(reader);
  let count = 0;
  try {
    for (let next = await queue.next(); next !== undefined; next = await queue.next()) {
      const message = await readable(next, reader);
      count++;
      yield message;
    }
  } catch (error) {
    // If the answer is a stream, interceptors run before the message is read, and would not see a fault.
    if (reader.method.methodKind !== "unary") throw error;
    reader.values.set(requestFault, ConnectError.from(error));
    if (count === 0) yield frame(emptyMessage(reader)) as Bytes;
  }
}

/** The frame with its message decompressed and validated. Other flags, for the end of a stream and for trailers, are for servers only. */
async function readable({ flag, data }: Frame, reader: BodyReader): Promise<Bytes> {
  const bytes = await decompress({ flag, data }, isGzip(reader) ? "gzip" : undefined, reader.maxBytes);
  check(bytes, reader);
  return frame(bytes) as Bytes;
}

function openQueue(reader: BodyReader): FrameQueue {
  const { call, maxBytes } = reader;
  const { source, budget, res } = call;
  const queue = new FrameQueue(compactly(source), call, budget, maxBytes);
  if (isStream(reader)) call.requests = queue;
  call.onRefuse = queue.fail.bind(queue); // no closure, which would be kept for longer: see detachCall()
  source.on("data", (chunk: Buffer) => queue.push(chunk));
  source.once("end", () => {
    call.onRefuse = undefined;
    queue.end();
  });
  res.once("close", () => queue.fail(new ConnectError("the request was cut off", Code.Canceled)));
  if (source.readableEnded) queue.end();
  return queue;
}

function check(bytes: Buffer, { method, kind, registry }: BodyReader): void {
  checkMessage(method, bytes, kind.format, registry);
}

const isStream = ({ method }: BodyReader): boolean =>
  method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";

const isGzip = ({ call, kind }: BodyReader): boolean => call.req.headers[kind.encodingHeader] === "gzip";

const emptyMessage = ({ kind }: BodyReader): Bytes => Buffer.from(kind.format === "json" ? "{}" : "");
