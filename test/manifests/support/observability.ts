// Whom Prometheus and Grafana ask, in compose.yaml and in a cluster: by names that both have.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { REPOSITORY } from "./overlays.ts";

const read = (name: string) => parse(readFileSync(join(REPOSITORY, "observability", name), "utf8"));

/** Each as http://host:port. */
export function observedAddresses(): string[] {
  const prometheus = read("prometheus.yaml") as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
  const targets = prometheus.scrape_configs.flatMap((s) => s.static_configs.flatMap((c) => c.targets));
  const { datasources } = read("grafana/data-sources.yaml") as { datasources: { url: string }[] };
  return [...targets.map((target) => `http://${target}`), ...datasources.map(({ url }) => url)];
}
