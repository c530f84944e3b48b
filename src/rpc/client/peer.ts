import type { ConnectionOptions } from "node:tls";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { clientTls } from "../tls/client-tls.ts";
import type { CredentialSource } from "../tls/credentials.ts";
import type { ChannelOptions } from "./channel-options.ts";
import { type ServiceConfigOptions, serviceConfigOf } from "./service-config.ts";
import { isSecure, originOf, targetOf } from "./target.ts";
import { createGrpcTransport, createTransport, type GrpcTransport, type GrpcTransportOptions } from "./transport.ts";

export type PeerOptions = ServiceConfigOptions & {
  /** "http://host:port", "https://host:port", or a gRPC target such as "xds:///name", "unix:/path" or "ipv4:1.2.3.4:80,1.2.3.5:80". */
  readonly url: string;
  /** For https: the certificate that is shown, and the authorities that the server's must come from. Default: none, and those of node. */
  readonly credentials?: CredentialSource | undefined;
  /** The workload that is called, such as "user-service": if the server's certificate has SPIFFE ids, one must be its. */
  readonly account?: string;
  /** The name of the caller, put before the client's own user-agent. Default: only that. */
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

/** Of grpc-js, whose own defaults are for the internet. */
const XDS_OPTIONS: ChannelOptions = {
  // Calls on a dead connection fail within 15 s, instead of the minutes that TCP would take to notice.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

/**
 * A client of another service, with what calls between services need: load balancing over all addresses of the name, timeouts and retries
 * by the policy, and reconnection. It connects with the first call.
 *
 * Asynchronous because grpc-js, for xds:///, is loaded on demand. Rejects with Error for a URL that it cannot use.
 */
export async function createPeer<T extends DescService>(service: T, options: PeerOptions): Promise<Peer<T>> {
  const { url, userAgent, interceptors, waitForReady, policy, retries } = options;
  const defaultTimeoutMs = options.defaultTimeoutMs ?? (policy === undefined ? 5_000 : undefined);
  const target = targetOf(url);
  const channelOptions: ChannelOptions = {
    "grpc.service_config": JSON.stringify(serviceConfigOf({ policy, retries })),
    "grpc.primary_user_agent": userAgent,
  };
  const tls = tlsOf(options);
  const transportOptions = {
    target,
    channelOptions,
    interceptors,
    defaultTimeoutMs,
    waitForReady,
    ...(tls && { tls }),
  };
  const transport = target.startsWith("xds:")
    ? await createXdsTransport(transportOptions)
    : createGrpcTransport(transportOptions);
  return { client: createClient(service, transport), close: transport.close };
}

/** How connections to a peer are encrypted; undefined: they are not. */
export function tlsOf({
  url,
  account,
  credentials,
}: Pick<PeerOptions, "url" | "account" | "credentials">): ConnectionOptions | undefined {
  return isSecure(url) ? clientTls({ host: hostOf(url), account, credentials }) : undefined;
}

/** Without the brackets of an IPv6 address. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, "");

async function createXdsTransport(options: GrpcTransportOptions): Promise<GrpcTransport> {
  if (!process.env.GRPC_XDS_BOOTSTRAP && !process.env.GRPC_XDS_BOOTSTRAP_CONFIG) {
    throw new Error("a peer at xds: needs GRPC_XDS_BOOTSTRAP, a file, or GRPC_XDS_BOOTSTRAP_CONFIG, its content");
  }
  const { xdsWire } = await import("./grpc-js/xds-wire.ts");
  const { target, waitForReady = false } = options;
  const channelOptions = { ...XDS_OPTIONS, ...options.channelOptions };
  return createTransport(xdsWire({ target, channelOptions, waitForReady }), originOf(target), options);
}
