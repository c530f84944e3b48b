// The real collector in a process of its own, with collector/config.yaml.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../tools/test-servers/daemon.ts";
import { collectorProgram } from "./build.ts";

const CONFIG = resolve(import.meta.dirname, "../../collector/config.yaml");

export type Collector = {
  /** Where it takes OTLP over HTTP. */
  readonly url: string;
  /** What it has printed: its log, and the log records that it was sent. */
  readonly lines: readonly string[];
  /** Where Prometheus finds the metrics, such as "127.0.0.1:8889". */
  readonly metricsAddress: string;
  /** What it would read. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
};

/**
 * Starts it with env, on free ports of the loopback, and waits until it is ready. Settings are added to those of the file:
 * "exporters.prometheus.metric_expiration=1m". Rejects with its output if it ends before.
 */
export async function startCollector(env: NodeJS.ProcessEnv, settings: readonly string[] = []): Promise<Collector> {
  const [http, prometheus] = [await freePort(), await freePort()];
  const own = [
    "receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0",
    `receivers.otlp.protocols.http.endpoint=127.0.0.1:${http}`,
    `exporters.prometheus.endpoint=127.0.0.1:${prometheus}`,
    "extensions.health_check.endpoint=127.0.0.1:0",
    // What takes its traces here does not unpack.
    "exporters.otlp_http/jaeger.compression=none",
  ];
  const args = [`--config=${CONFIG}`, ...[...own, ...settings].map((setting) => `--set=${setting}`)];
  const child = spawn(collectorProgram(), args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const lines: string[] = [];
  await new Promise<void>((ready, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        lines.push(line);
        if (line.includes("Everything is ready")) ready();
      });
    }
    exited.then(([code]) => reject(new Error(`the collector ended with ${code}:\n${lines.join("\n")}`)));
  });
  return {
    url: `http://127.0.0.1:${http}`,
    lines,
    metricsAddress: `127.0.0.1:${prometheus}`,
    async metrics() {
      const headers = { accept: "application/openmetrics-text; version=1.0.0" };
      return (await fetch(`http://127.0.0.1:${prometheus}/metrics`, { headers })).text();
    },
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
