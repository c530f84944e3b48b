// Stands between the roles and the dashboard, and makes up for what this does not do with what it gets.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
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
const PREFLIGHT = { "access-control-allow-methods": "POST", "access-control-allow-headers": "content-type" };

/** Starts it at a free port. Pages of these origins may send spans, too. What it cannot give on, the roles send again, but for spans that it has taken. */
export async function startRelay(dashboard: string, pages: readonly string[] = []): Promise<Relay> {
  const traces = new WholeTraces((exported) => post(`${dashboard}/v1/traces`, "application/x-protobuf", exported));
  const takes: Readonly<Record<string, (request: IncomingMessage) => Promise<void>>> = {
    "/v1/traces": async (request) => traces.add(await buffer(request)),
    async "/v1/metrics"(request) {
      const exported = withRouteDurations((await json(request)) as MetricsExport);
      await post(`${dashboard}/v1/metrics`, "application/json", JSON.stringify(exported));
    },
  };
  const server = createServer(async (request, response) => {
    const { origin } = request.headers;
    if (origin !== undefined && pages.includes(origin)) response.setHeader("access-control-allow-origin", origin);
    if (request.method === "OPTIONS") {
      response.writeHead(204, PREFLIGHT).end();
      return;
    }
    try {
      await takes[request.url ?? ""]?.(request);
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

async function post(url: string, contentType: string, body: Uint8Array | string): Promise<void> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": contentType }, body });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
