import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type LogRecord, type Point, readLogRecords, readPoints, readSpans, type Span } from "./otlp.ts";

/** A telemetry backend on a free port of the loopback, which keeps what it is sent. */
export type OtlpBackend = {
  readonly url: string;
  readonly port: number;
  readonly spans: Span[];
  readonly points: Point[];
  readonly logs: LogRecord[];
  /** All that was sent, as it came, for tests of what must not be there. */
  readonly bodies: Buffer[];
  /** What it does with exports; "accept" at first. Those that hang are answered when the backend closes, by a cut connection. */
  mode: "accept" | "refuse" | "hang";
  close(): Promise<void>;
};

export async function startOtlpBackend(port = 0): Promise<OtlpBackend> {
  const server = createServer((req, res) => void take(req, res));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;

  async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = Buffer.concat(await req.toArray());
    if (backend.mode === "hang") return;
    if (backend.mode === "refuse") {
      res.writeHead(400).end();
      return;
    }
    backend.bodies.push(body);
    if (req.url === "/v1/traces") backend.spans.push(...readSpans(body));
    if (req.url === "/v1/metrics") backend.points.push(...readPoints(body));
    if (req.url === "/v1/logs") backend.logs.push(...readLogRecords(body));
    res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  }

  const backend: OtlpBackend = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    spans: [],
    points: [],
    logs: [],
    bodies: [],
    mode: "accept",
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return backend;
}
