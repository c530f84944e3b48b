// A real Prometheus with the configuration that compose.yaml and k8s/ give it, and its tool.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { freePort, startDaemon } from "../../tools/test-servers/daemon.ts";
import { debianProgram, type Program } from "../../tools/test-servers/debian-program.ts";
import type { Collector } from "./collector.ts";

const ROOT = resolve(import.meta.dirname, "../..");
export const RULES = join(ROOT, "gen/slo/rules.yaml");
export const RULE_TESTS = join(ROOT, "gen/slo/rules.test.yaml");

export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export type Prometheus = {
  /** The samples that an expression has now. Throws if it is none. */
  query(expression: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
};

/** What this machine has, else Debian's package. */
export function prometheusProgram(name: "prometheus" | "promtool"): Program {
  const program = debianProgram({ names: [name], packages: ["prometheus"], path: `usr/bin/${name}` });
  if (program === undefined) throw new Error(`There is no ${name}, and no apt that could fetch it`);
  return program;
}

/** Starts it on a free port of the loopback, where it reads the collector once a second, and waits until it is ready. */
export async function startPrometheus(collector: Collector): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
  const port = await freePort();
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify(await shippedConfig(collector)));
  const { path, env } = prometheusProgram("prometheus");
  const args = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const daemon = await startDaemon(path, args, /ready to receive web requests/i, { ...(env && { env }) });
  return {
    async query(expression) {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const answer = (await response.json()) as QueryAnswer;
      if (answer.status !== "success") throw new Error(`${expression}: ${answer.error}`);
      return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async stop() {
      await daemon.stop("SIGTERM");
      await rm(folder, { recursive: true });
    },
  };
}

type QueryAnswer =
  | { status: "error"; error: string }
  | { status: "success"; data: { result: { metric: Record<string, string>; value: [number, string] }[] } };

type Config = {
  global: Record<string, string>;
  rule_files: string[];
  scrape_configs: { static_configs: { targets: string[] }[] }[];
};

/** With the paths and addresses that are here, and quicker. */
async function shippedConfig(collector: Collector): Promise<Config> {
  const addresses: Record<string, string> = {
    "otel-collector:8889": collector.metricsAddress,
    "otel-collector:8888": collector.ownMetricsAddress,
  };
  const config = parse(await readFile(join(ROOT, "observability/prometheus.yaml"), "utf8")) as Config;
  return {
    ...config,
    global: { ...config.global, scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: config.rule_files.map((file) => file.replace("/etc/prometheus/rules", join(ROOT, "gen/slo"))),
    scrape_configs: config.scrape_configs.map((scrape) => ({
      ...scrape,
      static_configs: scrape.static_configs.map(({ targets }) => ({
        targets: targets.map((name) => addresses[name]!),
      })),
    })),
  };
}
