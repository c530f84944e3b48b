import { Buffer } from "node:buffer";
import { create, type DescMethodUnary, toBinary } from "@bufbuild/protobuf";
import { requestTemplate } from "../../../bench/http2-frames.ts";
import { LoadConnection } from "../../../bench/load-connection.ts";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";

const CONNECTIONS = 4;
/** Enough to keep a role busy, and few enough that none waits for its deadline on a machine that is busy with others. */
const IN_FLIGHT = 16;
const FRAME_BYTES = 5;

/** Calls for a while, as many as the server takes; resolves to the number of calls. */
export type FullLoad = (ms: number) => Promise<number>;

/** A load of one call, whose answer is always the same. Rejects if it fails; each answer must be as long as the first. */
export async function fullLoad(
  url: string,
  method: DescMethodUnary,
  request: Record<string, unknown>,
): Promise<FullLoad> {
  const { host } = new URL(url);
  const transport = createGrpcTransport({ target: host });
  const { message } = await transport.unary(method, undefined, undefined, undefined, request);
  transport.close();
  const answerBytes = FRAME_BYTES + toBinary(method.output, message).length;
  const headers: [string, string][] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", `/${method.parent.typeName}/${method.name}`],
    [":authority", host],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
  ];
  const template = requestTemplate(headers, framed(toBinary(method.input, create(method.input, request))));
  return async (ms) => {
    const open = () => LoadConnection.open(Number(new URL(url).port), template, answerBytes);
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open));
    const until = performance.now() + ms;
    const calls = await Promise.all(connections.map((c) => c.run(IN_FLIGHT / CONNECTIONS, until)));
    return calls.reduce((sum, n) => sum + n, 0);
  };
}

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_BYTES);
  return frame;
}
