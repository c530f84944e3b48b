// ProbeService by the client of @grpc/grpc-js.
import { Buffer } from "node:buffer";
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type CallOptions,
  Client,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import {
  BidiStreamRequestSchema,
  BidiStreamResponseSchema,
  ClientStreamRequestSchema,
  ClientStreamResponseSchema,
  type Payload,
  type PayloadSchema,
  ServerStreamRequestSchema,
  ServerStreamResponseSchema,
  UnaryRequestSchema,
  UnaryResponseSchema,
} from "../gen/probe/v1/probe_pb.js";

type PayloadInit = MessageInitShape<typeof PayloadSchema>;
export type Options = CallOptions & { metadata?: Metadata; onCall?: (call: ClientUnaryCall) => void };
/** How a call with one response ended. */
export type Ending = { payload?: Payload; error?: ServiceError; header?: Metadata; status: StatusObject };
/** How a response stream ended. */
export type StreamEnding = { payloads: Payload[]; header?: Metadata; status: StatusObject };

export type ProbeClient = ReturnType<typeof createProbeClient>;

/** Of the server at a port of loopback, or of a gRPC target. */
export function createProbeClient(server: number | string, channelOptions: ClientOptions = {}) {
  const own = { "grpc.use_local_subchannel_pool": 1 };
  const target = typeof server === "number" ? `127.0.0.1:${server}` : server;
  const client = new Client(target, credentials.createInsecure(), { ...own, ...channelOptions });
  const path = (method: string) => `/probe.v1.ProbeService/${method}`;

  return {
    close: () => client.close(),

    unary: (payload: PayloadInit, { metadata = new Metadata(), onCall, ...options }: Options = {}) =>
      ending((callback) => {
        const write = (payload: PayloadInit) => encode(UnaryRequestSchema, { payload });
        const read = (bytes: Buffer) => fromBinary(UnaryResponseSchema, bytes).payload!;
        const call = client.makeUnaryRequest(path("Unary"), write, read, payload, metadata, options, callback);
        onCall?.(call);
        return call;
      }),

    serverStream: (payload: PayloadInit, { metadata = new Metadata(), ...options }: Options = {}) =>
      client.makeServerStreamRequest(
        path("ServerStream"),
        (payload: PayloadInit) => encode(ServerStreamRequestSchema, { payload }),
        (bytes: Buffer) => fromBinary(ServerStreamResponseSchema, bytes).payload!,
        payload,
        metadata,
        options,
      ),

    /** `feed` writes the requests. */
    clientStream: (
      feed: (call: {
        write(payload: PayloadInit): boolean;
        end(): void;
        cancel(): void;
        once(e: "drain", f: () => void): unknown;
      }) => void,
      { metadata = new Metadata(), ...options }: Options = {},
    ) =>
      ending((callback) => {
        const write = (payload: PayloadInit) => encode(ClientStreamRequestSchema, { payload });
        const read = (bytes: Buffer) => fromBinary(ClientStreamResponseSchema, bytes).payload!;
        const call = client.makeClientStreamRequest(path("ClientStream"), write, read, metadata, options, callback);
        feed(call);
        return call;
      }),

    bidiStream: ({ metadata = new Metadata(), ...options }: Options = {}) =>
      client.makeBidiStreamRequest(
        path("BidiStream"),
        (payload: PayloadInit) => encode(BidiStreamRequestSchema, { payload }),
        (bytes: Buffer) => fromBinary(BidiStreamResponseSchema, bytes).payload!,
        metadata,
        options,
      ),
  };
}

/** Reads a response stream to its end; `each` sees every payload as it comes. */
export function readAll(
  stream: ClientReadableStream<Payload>,
  each?: (payload: Payload) => void,
): Promise<StreamEnding> {
  return new Promise((resolve) => {
    const payloads: Payload[] = [];
    let header: Metadata | undefined;
    stream.on("metadata", (metadata) => {
      header = metadata;
    });
    stream.on("data", (payload: Payload) => {
      payloads.push(payload);
      each?.(payload);
    });
    stream.on("error", () => {}); // the status says the same
    stream.on("status", (status) => resolve({ payloads, header, status }));
  });
}

type Callback = (error: ServiceError | null, payload?: Payload) => void;
type Emitter = {
  on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
  on(event: "status", listener: (status: StatusObject) => void): unknown;
};

function ending(start: (callback: Callback) => Emitter): Promise<Ending> {
  return new Promise((resolve) => {
    const end: Partial<Ending> = {};
    const call = start((error, payload) => {
      if (error !== null) end.error = error;
      if (payload !== undefined) end.payload = payload;
      if (end.status !== undefined) resolve({ ...end, status: end.status });
    });
    call.on("metadata", (metadata) => {
      end.header = metadata;
    });
    call.on("status", (status) => {
      end.status = status;
      if (end.error !== undefined || end.payload !== undefined) resolve({ ...end, status });
    });
  });
}

function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}
