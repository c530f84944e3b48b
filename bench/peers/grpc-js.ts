// The reference: the same two methods on a bare grpc-js server, with the same Protobuf code.
import { readFileSync } from "node:fs";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import {
  ProbeService,
  type ServerStreamRequest,
  type ServerStreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "../../test/gen/probe/v1/probe_pb.js";
import { streamReply, unaryReply } from "../probe.ts";

export const startGrpcJs = (port: number): Promise<number> => start(port, ServerCredentials.createInsecure());

export const startGrpcJsTls = (port: number): Promise<number> => start(port, overTls(false));

export const startGrpcJsMutualTls = (port: number): Promise<number> => start(port, overTls(true));

function overTls(mutual: boolean): ServerCredentials {
  const pem = (name: string) => readFileSync(process.env[name]!);
  const pair = { cert_chain: pem("BENCH_CERT"), private_key: pem("BENCH_KEY") };
  return ServerCredentials.createSsl(mutual ? pem("BENCH_CA") : null, [pair], mutual);
}

async function start(port: number, credentials: ServerCredentials): Promise<number> {
  const server = new Server();
  server.addService(
    { unary: definition(ProbeService.method.unary), serverStream: definition(ProbeService.method.serverStream) },
    { unary, serverStream },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
}

function unary(_call: ServerUnaryCall<UnaryRequest, UnaryResponse>, callback: sendUnaryData<UnaryResponse>): void {
  callback(null, unaryReply());
}

/** Respects backpressure, as a handler should. */
function serverStream(call: ServerWritableStream<ServerStreamRequest, ServerStreamResponse>): void {
  const count = call.request.payload?.n ?? 0;
  let sent = 0;
  function send(): void {
    while (sent < count) {
      sent++;
      if (!call.write(streamReply())) {
        call.once("drain", send);
        return;
      }
    }
    call.end();
  }
  send();
}

export function definition<I extends DescMessage, O extends DescMessage>(method: {
  readonly name: string;
  readonly input: I;
  readonly output: O;
  readonly methodKind: string;
}): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  const { input, output } = method;
  return {
    path: `/${ProbeService.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: (message) => asBuffer(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => asBuffer(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
