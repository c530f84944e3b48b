// The real collector in a process of its own, with collector/config.yaml.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../tools/test-servers/daemon.ts";
import { collectorProgram } from "./build.ts";

const CONFIG = resolve(import.meta.dirname, "../../collector/config.yaml");

export type Collector = {
  /** Where it takes OTLP over HTTP. */
  readonly url: string;
  /** What it has printed: its log, and the log records that it was sent. */
  readonly lines: readonly string[];
  /** Where Prometheus finds the metrics, and those that the collector makes of itself: "127.0.0.1:8889". */
  readonly metricsAddress: string;
  readonly ownMetricsAddress: string;
  /** What it would read. */
  metrics(): Promise<string>;
  /** What the collector tells of itself. */
  ownMetrics(): Promise<string>;
  stop(): Promise<void>;
};

export type CollectorOptions = {
  /** Settings that are added to those of the file: "exporters.prometheus.metric_expiration=1m". */
  readonly settings?: readonly string[];
  /** The addresses of all replicas, of which it has the first. Default: it is the only one. */
  readonly peers?: readonly string[];
  /** Where traces wait. Default: a folder that goes with it. */
  readonly queue?: string;
};

/** Starts it with env, on free ports of the loopback, and waits until it is ready. Rejects with its output if it ends before. */
export async function startCollector(env: NodeJS.ProcessEnv, options: CollectorOptions = {}): Promise<Collector> {
  const [http, prometheus, own] = [await freePort(), await freePort(), await freePort()];
  const peers = options.peers ?? [`127.0.0.1:${await freePort()}`];
  const folder = await mkdtemp(join(tmpdir(), "collector-queue-"));
  const settings = [
    "receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0",
    `receivers.otlp.protocols.http.endpoint=127.0.0.1:${http}`,
    `receivers.otlp/balanced.protocols.grpc.endpoint=${peers[0]}`,
    // Instead of a name for all replicas, which needs a DNS.
    "exporters.load_balancing.resolver.dns=null",
    `exporters.load_balancing.resolver.static.hostnames=[${peers.join()}]`,
    `exporters.prometheus.endpoint=127.0.0.1:${prometheus}`,
    "extensions.health_check.endpoint=127.0.0.1:0",
    // What takes its traces here does not unpack.
    "exporters.otlp_http/jaeger.compression=none",
    ...(options.settings ?? []),
  ];
  const ownEnv = { OWN_METRICS_PORT: String(own), QUEUE_DIR: options.queue ?? folder, DECISION_WAIT: "1s" };
  const args = [`--config=${CONFIG}`, ...settings.map((setting) => `--set=${setting}`)];
  const child = spawn(collectorProgram(), args, { env: { ...ownEnv, ...env }, stdio: ["ignore", "pipe", "pipe"] });
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
    ownMetricsAddress: `127.0.0.1:${own}`,
    async metrics() {
      const headers = { accept: "application/openmetrics-text; version=1.0.0" };
      return (await fetch(`http://127.0.0.1:${prometheus}/metrics`, { headers })).text();
    },
    ownMetrics: async () => (await fetch(`http://127.0.0.1:${own}/metrics`)).text(),
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
