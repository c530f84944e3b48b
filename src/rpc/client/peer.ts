import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import type { ChannelOptions } from "@grpc/grpc-js";
import { type ServiceConfigOptions, serviceConfigOf } from "./service-config.ts";
import { targetOf } from "./target.ts";
import { createGrpcTransport } from "./transport.ts";

export type PeerOptions = ServiceConfigOptions & {
  /** "http://host:port", or a gRPC target such as "xds:///name", "unix:/path" or "ipv4:1.2.3.4:80,1.2.3.5:80". */
  readonly url: string;
  /** The name of the caller, put before grpc-js's own user-agent. Default: only that. */
  readonly userAgent?: string;
  /** The first one is outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Timeout of calls that set none, in milliseconds. The policy may allow less. Default: 5000; with a policy, only that of the policy. */
  readonly defaultTimeoutMs?: number;
  /** Whether calls wait, up to their deadline, for a peer that cannot be reached, instead of failing at once. Default: false. */
  readonly waitForReady?: boolean;
};

export type Peer<T extends DescService> = {
  /** Calls reject with ConnectError. If a connection failed, its address is in the cause, not in the message. */
  readonly client: Client<T>;
  /** Lets calls in flight finish, then closes connections. New calls fail with UNAVAILABLE. */
  close(): void;
};

/** Options for calls between services. Everything else is as in grpc-js, such as 4 MB for a received message. */
const CHANNEL_OPTIONS: ChannelOptions = {
  // Calls on a dead connection fail within 15 s, instead of the minutes that TCP would take to notice.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // A peer that restarts is found again within about a second, even at a new address.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.dns_min_time_between_resolutions_ms": 1_000,
  // We have a service config, so no TXT query is needed beside each address query.
  "grpc.service_config_disable_resolution": 1,
};

/**
 * A client of another service, with what calls between services need: load balancing over all addresses of the name, timeouts and retries
 * by the policy, and reconnection. It connects with the first call.
 *
 * Asynchronous because support for xds:/// is loaded on demand. Rejects with Error for a URL that it cannot use.
 */
export async function createPeer<T extends DescService>(service: T, options: PeerOptions): Promise<Peer<T>> {
  const { url, userAgent, interceptors, waitForReady, policy, retries } = options;
  const defaultTimeoutMs = options.defaultTimeoutMs ?? (policy === undefined ? 5_000 : undefined);
  const target = targetOf(url);
  if (target.startsWith("xds:")) await registerXds();
  const serviceConfig = JSON.stringify(serviceConfigOf({ policy, retries }));
  const channelOptions: ChannelOptions = { ...CHANNEL_OPTIONS, "grpc.service_config": serviceConfig };
  if (userAgent !== undefined) channelOptions["grpc.primary_user_agent"] = userAgent;
  const transport = createGrpcTransport({ target, channelOptions, interceptors, defaultTimeoutMs, waitForReady });
  return { client: createClient(service, transport), close: transport.close };
}

async function registerXds(): Promise<void> {
  if (!process.env.GRPC_XDS_BOOTSTRAP && !process.env.GRPC_XDS_BOOTSTRAP_CONFIG) {
    throw new Error("a peer at xds: needs GRPC_XDS_BOOTSTRAP, a file, or GRPC_XDS_BOOTSTRAP_CONFIG, its content");
  }
  const { register } = await import("@grpc/grpc-js-xds");
  register();
}
