import { create, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";
import { ProbeService } from "../../support/probe.ts";
import type { ProbeClient } from "../../support/probe-client.ts";
import { type ProbeServer, startProbeServer } from "../../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../../support/raw-h2.ts";

export type ProbeCall = { readonly client: ProbeClient; readonly server: ProbeServer };

export type ProbeCallOptions = {
  readonly server?: readonly Interceptor[];
  readonly client?: readonly Interceptor[];
};

/** Runs the function with a probe and a client of it, over a real connection, then closes both. */
export async function withProbe(options: ProbeCallOptions, act: (call: ProbeCall) => Promise<unknown>): Promise<void> {
  const server = await startProbeServer({ interceptors: options.server });
  const transport = createGrpcTransport({ target: `127.0.0.1:${server.port}`, interceptors: options.client });
  try {
    await act({ client: createClient(ProbeService, transport), server });
  } finally {
    transport.close();
    await server.close();
  }
}

/** The items of a stream. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** A request stream of n messages. */
export async function* payloads(n: number, text = "") {
  for (let i = 0; i < n; i++) yield { payload: { n: i, text } };
}

/** Calls with a deadline of which only the server knows, so that it is the server that ends the call. Gives the grpc-status. */
export async function callWithServerDeadline<M extends DescMethod>(
  port: number,
  method: M,
  request: MessageInitShape<M["input"]>,
  timeoutMs: number,
): Promise<number | undefined> {
  const session = await connectH2(port);
  const stream = open(session, method.name, { "grpc-timeout": `${timeoutMs}m` });
  stream.end(framed(toBinary(method.input, create<M["input"]>(method.input, request))));
  const { status } = await answerOf(stream);
  session.close();
  return status;
}
