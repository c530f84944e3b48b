// gRPC calls in turn over a few HTTP/2 connections.
import type { WireCall } from "../probe.ts";
import type { ClientTls } from "../tls.ts";
import type { Connections, Listener } from "./connections.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { requestTemplate } from "./http2-frames.ts";

const CONNECTIONS = 4;

export async function openGrpc(
  port: number,
  call: WireCall,
  listener: Listener,
  tls?: ClientTls,
): Promise<Connections> {
  const template = requestTemplate(
    [
      [":method", "POST"],
      [":scheme", tls ? "https" : "http"],
      [":path", call.path],
      [":authority", `127.0.0.1:${port}`],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["user-agent", "grpc-bench/1"],
      ["grpc-accept-encoding", "identity,gzip"],
    ],
    call.request,
  );
  const connections: GrpcConnection[] = [];
  let answering: GrpcConnection | undefined;
  let next = 0;
  const open = async (_: unknown, i: number) => {
    const onAnswer = (startedAt: number) => {
      answering = connections[i];
      listener.onAnswer(startedAt);
      answering = undefined;
    };
    connections[i] = await GrpcConnection.open(port, template, call.responseBytes, { ...listener, onAnswer }, tls);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, open));
  return {
    begin(startedAt) {
      if (answering === undefined) next = (next + 1) % CONNECTIONS;
      // What follows an answer takes the same connection, which sends it once it has read all that came.
      (answering ?? connections[next]!).begin(startedAt);
    },
    flush() {
      for (const connection of connections) connection.flush();
    },
    close() {
      for (const connection of connections) connection.close();
    },
  };
}
