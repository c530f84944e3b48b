// A program that serves the probe and tells its parent how many calls are on its heap: run with an IPC channel. In a process that does
// more, calls of others would be counted too.
import { queryObjects } from "node:v8";
import { GrpcCall } from "../../src/rpc/server/grpc/call.ts";
import { startProbeServer } from "./probe-server.ts";

/** What the parent is told. */
export type Count = {
  /** Calls on the heap, after a garbage collection. */
  readonly calls: number;
  /** Handlers of streams that have ended. */
  readonly finished: number;
};

const server = await startProbeServer({ limits: { resetBurst: 10_000, readTimeoutMs: 200 } });

process.on("message", () => {
  const count: Count = { calls: queryObjects(GrpcCall, { format: "count" }), finished: server.seen.finished };
  process.send?.(count);
});
process.on("disconnect", () => void server.close());
process.send?.({ port: server.port });
