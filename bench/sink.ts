import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A telemetry backend that accepts everything and counts what it gets from whom. */
export type Sink = {
  /** The environment by which a process sends here under a name. */
  env(name: string): Readonly<Record<string, string>>;
  /** Throws unless spans came under this name: then what they cost was not measured. */
  checkSpans(name: string): void;
  close(): Promise<void>;
};

export async function startSink(): Promise<Sink> {
  const paths = new Set<string>();
  const server = createServer((req, res) => {
    req.resume();
    req.on("end", () => {
      paths.add(req.url!);
      res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: (name) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/${name}` }),
    checkSpans(name) {
      if (!paths.has(`/${name}/v1/traces`)) throw new Error(`${name} exported no spans`);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
