// The benchmark's calls, as Protobuf messages and as bytes on the wire.
import { create, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  PayloadSchema,
  ProbeService,
  ServerStreamRequestSchema,
  ServerStreamResponseSchema,
  UnaryRequestSchema,
  UnaryResponseSchema,
} from "../test/gen/probe/v1/probe_pb.js";

export const STREAM_LENGTH = 1000;

/** The payload of every response. */
export const REPLY = {
  n: 1_700_000_000,
  text: "Ada Lovelace",
  blob: new TextEncoder().encode("ada@example.com"),
  short: "reader",
};
const REPLY_PAYLOAD = create(PayloadSchema, REPLY);

export const unaryRequest = create(UnaryRequestSchema, { payload: { n: 1, text: "123" } });
export const streamRequest = create(ServerStreamRequestSchema, { payload: { n: STREAM_LENGTH } });

/** A new response of Unary; a handler makes one for each call. */
export function unaryReply(): MessageShape<typeof UnaryResponseSchema> {
  return create(UnaryResponseSchema, { payload: create(PayloadSchema, REPLY) });
}

/** A new message of ServerStream. */
export function streamReply(): MessageShape<typeof ServerStreamResponseSchema> {
  return create(ServerStreamResponseSchema, { payload: create(PayloadSchema, REPLY) });
}

/** Throws unless this is the payload of every response. */
export function checkPayload(payload: MessageShape<typeof PayloadSchema> | undefined): void {
  const ok =
    payload?.n === REPLY_PAYLOAD.n &&
    payload.text === REPLY_PAYLOAD.text &&
    payload.short === REPLY_PAYLOAD.short &&
    payload.blob.length === REPLY_PAYLOAD.blob.length;
  if (!ok) throw new Error("a call answered with the wrong message");
}

/** What a load generator sends and how much it must get back, including gRPC's five bytes before each message. */
export type WireCall = { readonly path: string; readonly request: Uint8Array; readonly responseBytes: number };

const FRAME_BYTES = 5;

export const unaryWire: WireCall = {
  path: `/${ProbeService.typeName}/${ProbeService.method.unary.name}`,
  request: framed(toBinary(UnaryRequestSchema, unaryRequest)),
  responseBytes: FRAME_BYTES + toBinary(UnaryResponseSchema, unaryReply()).length,
};

export const streamWire: WireCall = {
  path: `/${ProbeService.typeName}/${ProbeService.method.serverStream.name}`,
  request: framed(toBinary(ServerStreamRequestSchema, streamRequest)),
  responseBytes: STREAM_LENGTH * (FRAME_BYTES + toBinary(ServerStreamResponseSchema, streamReply()).length),
};

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_BYTES);
  return frame;
}
