// What the Envoy of a Pod says of itself, at its admin interface.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Pod } from "./kube.ts";
import { namespaceOf } from "./lab.ts";

export type Host = {
  /** "outbound|8081|v1|user-service.shop.svc.cluster.local" */
  readonly cluster: string;
  readonly address: string;
  /** How many tries it got. */
  readonly requests: number;
  /** Whether outlier detection has put it aside. */
  readonly ejected: boolean;
};

/** The hosts behind the clusters whose name contains `part`. */
export async function hosts(pod: Pod, part: string): Promise<Host[]> {
  const { cluster_statuses: clusters = [] } = JSON.parse(await admin(pod, "/clusters?format=json")) as Clusters;
  return clusters
    .filter(({ name }) => name.includes(part))
    .flatMap(({ name, host_statuses: statuses = [] }) =>
      statuses.map((host) => ({
        cluster: name,
        address: host.address.socket_address?.address ?? "",
        requests: Number(host.stats.find((stat) => stat.name === "rq_total")?.value ?? 0),
        ejected: host.health_status.failed_outlier_check ?? false,
      })),
    );
}

/** How many tries beyond a call's first the Envoy has made. */
export async function retries(pod: Pod): Promise<number> {
  const { stats } = JSON.parse(await admin(pod, "/stats?format=json&filter=upstream_rq_retry$")) as Stats;
  return stats.reduce((sum, { value }) => sum + (value ?? 0), 0);
}

/** What Envoy has of a listener's settings; fields are as Envoy's API has them. */
export type Listener = {
  /** "0.0.0.0_80" */
  readonly name: string;
  readonly per_connection_buffer_limit_bytes?: number;
  readonly filter_chains: readonly { readonly filters: readonly { readonly typed_config: ConnectionManager }[] }[];
};

/** The part of an HttpConnectionManager that guards against callers. */
export type ConnectionManager = {
  readonly "@type": string;
  readonly use_remote_address?: boolean;
  readonly normalize_path?: boolean;
  readonly merge_slashes?: boolean;
  readonly path_with_escaped_slashes_action?: string;
  readonly max_request_headers_kb?: number;
  readonly request_timeout?: string;
  readonly request_headers_timeout?: string;
  readonly stream_idle_timeout?: string;
  readonly common_http_protocol_options?: Readonly<Record<string, unknown>>;
  readonly http2_protocol_options?: Readonly<Record<string, unknown>>;
};

/** What the Envoy of a Pod runs with: the listeners and the clusters that Istio gave it, and its bootstrap. */
export async function config(pod: Pod): Promise<{
  listeners: Listener[];
  clusters: { name: string; per_connection_buffer_limit_bytes?: number }[];
  bootstrap: Bootstrap;
}> {
  const { configs } = JSON.parse(await admin(pod, "/config_dump")) as { configs: Dump[] };
  return {
    listeners: configs.flatMap((c) => c.dynamic_listeners ?? []).flatMap((l) => l.active_state?.listener ?? []),
    clusters: configs.flatMap((c) => c.dynamic_active_clusters ?? []).map((c) => c.cluster),
    bootstrap: configs.flatMap((c) => c.bootstrap ?? [])[0] ?? {},
  };
}

type Bootstrap = {
  readonly overload_manager?: { readonly resource_monitors: readonly { readonly typed_config: unknown }[] };
  readonly layered_runtime?: { readonly layers: readonly { readonly static_layer?: Record<string, unknown> }[] };
};
type Dump = {
  dynamic_listeners?: { active_state?: { listener: Listener } }[];
  dynamic_active_clusters?: { cluster: { name: string; per_connection_buffer_limit_bytes?: number } }[];
  bootstrap?: Bootstrap;
};

type Clusters = {
  cluster_statuses?: {
    name: string;
    host_statuses?: {
      address: { socket_address?: { address: string } };
      stats: { name: string; value?: string }[];
      health_status: { failed_outlier_check?: boolean };
    }[];
  }[];
};
type Stats = { stats: { name?: string; value?: number }[] };

async function admin(pod: Pod, path: string): Promise<string> {
  const get = ["curl", "-sS", "--max-time", "10", `http://127.0.0.1:15000${path}`];
  const { stdout } = await promisify(execFile)("ip", ["netns", "exec", namespaceOf(pod.ip), ...get], {
    maxBuffer: 64 << 20,
  });
  return stdout;
}
