// The load generator, in its own process and on its own core. Each message from the parent is one window.
import { requestTemplate } from "./http2-frames.ts";
import { LoadConnection } from "./load-connection.ts";
import { serve } from "./measured-process.ts";
import { streamWire, unaryWire } from "./probe.ts";

const CONNECTIONS = 4;

export type LoadOrder = { port: number; call: "unary" | "stream"; concurrency: number; ms: number };
export type LoadReport = { calls: number; seconds: number };

serve(async ({ port, call, concurrency, ms }: LoadOrder): Promise<LoadReport> => {
  const { path, request, responseBytes } = call === "unary" ? unaryWire : streamWire;
  const template = requestTemplate(
    [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", path],
      [":authority", `127.0.0.1:${port}`],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["user-agent", "grpc-bench/1"],
      ["grpc-accept-encoding", "identity,gzip"],
    ],
    request,
  );
  const open = () => LoadConnection.open(port, template, responseBytes);
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open));
  const start = performance.now();
  const counts = await Promise.all(connections.map((c) => c.run(concurrency / CONNECTIONS, start + ms)));
  return { calls: counts.reduce((sum, n) => sum + n, 0), seconds: (performance.now() - start) / 1000 };
});
