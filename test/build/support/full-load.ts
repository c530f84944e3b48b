import { Buffer } from "node:buffer";
import { create, type DescMethodUnary, toBinary } from "@bufbuild/protobuf";
import { openGrpc } from "../../../bench/load/grpc-connections.ts";
import { closedLoop } from "../../../bench/load/loops.ts";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";

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
  const wire = {
    path: `/${method.parent.typeName}/${method.name}`,
    request: framed(toBinary(method.input, create(method.input, request))),
    responseBytes: FRAME_BYTES + toBinary(method.output, message).length,
  };
  const port = Number(new URL(url).port);
  return async (ms) => (await closedLoop((listener) => openGrpc(port, wire, listener), IN_FLIGHT, ms)).calls;
}

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_BYTES);
  return frame;
}
