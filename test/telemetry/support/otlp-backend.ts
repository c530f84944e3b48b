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
  mode: "accept" | "reject in part" | "hang" | keyof typeof REFUSALS;
  /** How many requests it has not taken. */
  turnedAway: number;
  /** How many requests their sender gave up. */
  cut: number;
  close(): Promise<void>;
};

/** A status, and when to come again. */
const REFUSALS = {
  refuse: { status: 400, headers: {} },
  "be unavailable": { status: 503, headers: {} },
  throttle: { status: 429, headers: { "retry-after": "1" } },
};

/** partial_success { rejected: 1, error_message: "no" } */
const ONE_REJECTED = Buffer.from("0a0608011202" + "6e6f", "hex");

export async function startOtlpBackend(port = 0): Promise<OtlpBackend> {
  const server = createServer((req, res) => void take(req, res));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;

  async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.once("close", () => {
      if (!res.writableFinished && server.listening) backend.cut += 1;
    });
    const body = Buffer.concat(await req.toArray());
    const taken = backend.mode === "accept" || backend.mode === "reject in part";
    if (!taken) backend.turnedAway += 1;
    if (backend.mode === "hang") return;
    if (backend.mode in REFUSALS) {
      const { status, headers } = REFUSALS[backend.mode as keyof typeof REFUSALS];
      res.writeHead(status, headers).end();
      return;
    }
    backend.bodies.push(body);
    const last = backend.mode === "reject in part" ? -1 : undefined;
    if (req.url === "/v1/traces") backend.spans.push(...readSpans(body).slice(0, last));
    const isJson = req.headers["content-type"] === "application/json"; // kept in bodies alone
    if (req.url === "/v1/metrics" && !isJson) backend.points.push(...readPoints(body).slice(0, last));
    if (req.url === "/v1/logs") backend.logs.push(...readLogRecords(body).slice(0, last));
    res.writeHead(200, { "content-type": "application/x-protobuf" });
    res.end(backend.mode === "reject in part" ? ONE_REJECTED : undefined);
  }

  const backend: OtlpBackend = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    spans: [],
    points: [],
    logs: [],
    bodies: [],
    mode: "accept",
    turnedAway: 0,
    cut: 0,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return backend;
}
