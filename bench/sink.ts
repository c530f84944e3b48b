import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A telemetry backend that accepts everything and counts what it gets. */
export type Sink = {
  readonly url: string;
  posts(signal: "traces" | "metrics" | "logs"): number;
  close(): Promise<void>;
};

export async function startSink(): Promise<Sink> {
  const posts = new Map<string, number>();
  const server = createServer((req, res) => {
    req.resume();
    req.on("end", () => {
      posts.set(req.url!, (posts.get(req.url!) ?? 0) + 1);
      res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts: (signal) => posts.get(`/v1/${signal}`) ?? 0,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
