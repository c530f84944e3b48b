// Stands between the roles and the dashboard, and makes up for what this does not do with what it gets.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "../settings.ts";
import { type MetricsExport, withRouteDurations } from "./route-durations.ts";
import { WholeTraces } from "./whole-traces.ts";

export type Relay = {
  /** Where roles send their traces, in Protobuf, and their metrics, in JSON: OTLP over HTTP. */
  readonly tracesUrl: string;
  readonly metricsUrl: string;
  /** Gives on what it has. */
  close(): Promise<void>;
};

/** What browsers ask before a page sends spans. */
const PREFLIGHT = {
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "content-type",
  "access-control-max-age": "7200",
};
/** More than any role exports at once. */
const MAX_BYTES = 16 << 20;

/** Starts it at a free port. Pages of these origins may send spans, too. What it cannot give on, the roles send again, but for spans that it has taken. */
export async function startRelay(dashboard: string, pages: readonly string[] = []): Promise<Relay> {
  const traces = new WholeTraces((exported) => post(`${dashboard}/v1/traces`, "application/x-protobuf", exported));
  const takes: Readonly<Record<string, (body: Buffer) => Promise<void>>> = {
    "/v1/traces": async (body) => traces.add(body),
    async "/v1/metrics"(body) {
      const exported = withRouteDurations(JSON.parse(body.toString()) as MetricsExport);
      await post(`${dashboard}/v1/metrics`, "application/json", JSON.stringify(exported));
    },
  };
  const server = createServer(async (request, response) => {
    const { origin } = request.headers;
    const take = takes[request.url ?? ""];
    response.setHeader("vary", "origin");
    if (origin !== undefined && !pages.includes(origin)) return void response.writeHead(403).end();
    if (origin !== undefined) response.setHeader("access-control-allow-origin", origin);
    if (take === undefined) return void response.writeHead(404).end();
    if (request.method === "OPTIONS") return void response.writeHead(204, PREFLIGHT).end();
    try {
      await take(await bounded(request));
      response.writeHead(200).end();
    } catch {
      response.writeHead(503).end(); // as from a dashboard that is away
    }
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    tracesUrl: `http://${HOST}:${port}/v1/traces`,
    metricsUrl: `http://${HOST}:${port}/v1/metrics`,
    async close() {
      server.close();
      await traces.close();
      server.closeAllConnections();
    },
  };
}

/** Throws for more than anybody should send. */
async function bounded(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new Error("too large");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function post(url: string, contentType: string, body: Uint8Array | string): Promise<void> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": contentType }, body });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
