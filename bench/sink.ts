import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A telemetry backend that accepts everything and counts what it gets from whom. */
export type Sink = {
  /** The environment by which a process sends here under a name. */
  env(name: string): Readonly<Record<string, string>>;
  /** Throws unless spans of each of these libraries came under this name: what they cost would not have been measured. */
  checkSpans(name: string, libraries: readonly string[]): void;
  close(): Promise<void>;
};

/** Requests on each path whose bodies are kept: enough to have spans of each kind, and few enough to cost nothing later. */
const KEPT = 20;

export async function startSink(): Promise<Sink> {
  const kept = new Map<string, string[]>();
  const server = createServer((req, res) => {
    const bodies = kept.get(req.url!) ?? [];
    kept.set(req.url!, bodies);
    const keep = bodies.length < KEPT;
    let body = "";
    if (keep) req.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    else req.resume();
    req.on("end", () => {
      if (keep) bodies.push(body);
      res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: (name) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/${name}` }),
    checkSpans(name, libraries) {
      const bodies = kept.get(`/${name}/v1/traces`) ?? [];
      for (const library of libraries) {
        // Strings stand in Protobuf as they are.
        if (!bodies.some((body) => body.includes(library))) throw new Error(`${name} exported no spans of ${library}`);
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
