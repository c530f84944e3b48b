// Stands in for the OpenTelemetry Collector: takes spans over OTLP/HTTP from the roles and over OTLP/gRPC from the Envoys, and prints
// each as a line of JSON.
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { readSpans } from "../../telemetry/support/otlp.ts";

const HTTP_PORT = 4318;
const GRPC_PORT = 4317;
const HEALTH_PORT = 13133;
const PREFIX_BYTES = 5; // of a gRPC message

/** Keeps what the checks look at. */
function print(request: Uint8Array): void {
  for (const { traceId, spanId, parentSpanId, name, kind, attributes, resource } of readSpans(request)) {
    const span = { traceId, spanId, parentSpanId, name, kind, service: resource["service.name"], attributes };
    process.stdout.write(`${JSON.stringify(span)}\n`);
  }
}

const http = createHttpServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  if (request.url === "/v1/traces") print(body);
  response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
});

const grpc = createHttp2Server();
grpc.on("stream", (stream: ServerHttp2Stream) => {
  stream.on("error", () => {});
  void stream.toArray().then((chunks: Buffer[]) => {
    print(Buffer.concat(chunks).subarray(PREFIX_BYTES));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(PREFIX_BYTES));
  });
});

const health = createHttpServer((_, response) => response.writeHead(200).end());

http.listen(HTTP_PORT);
grpc.listen(GRPC_PORT);
health.listen(HEALTH_PORT);
process.once("SIGTERM", () => process.exit(0));
