import { type EjectionSettings, readEjection } from "./ejection-settings.ts";
import { type MethodSettings, readServiceConfig } from "./method-settings.ts";
import type { ServiceConfig } from "./service-config.ts";

/**
 * Options of a channel, by the names that they have in gRPC: https://grpc.github.io/grpc/core/group__grpc__arg__keys.html. Those that are
 * not listed have no effect.
 */
export type ChannelOptions = {
  readonly [name: `grpc.${string}`]: string | number | undefined;
  /** Timeouts and retries by method, as JSON. Default: none. */
  readonly "grpc.service_config"?: string;
  /** 0: the service config's retries do not apply. Default: 1. */
  readonly "grpc.enable_retries"?: number;
  /** Put before the user-agent of this client. */
  readonly "grpc.primary_user_agent"?: string;
  /** What the servers are told to be called. Default: the host and port of the target. */
  readonly "grpc.default_authority"?: string;
  /** The largest message received, as sent and decompressed, in bytes; -1: any size. Default: 4 MiB. */
  readonly "grpc.max_receive_message_length"?: number;
  /** 2: requests are compressed with gzip; 0: they are not. Default: 0. */
  readonly "grpc.default_compression_algorithm"?: number;
  /** How often a connection with calls is pinged. Default: 10 s. */
  readonly "grpc.keepalive_time_ms"?: number;
  /** After so long without an answer to a ping, a connection is cut. Default: 5 s. */
  readonly "grpc.keepalive_timeout_ms"?: number;
  /** A connection without calls is closed after so long. Default: 5 minutes. */
  readonly "grpc.client_idle_timeout_ms"?: number;
  /** The pause after the first failure to connect, which grows by 1.6 with each. Default: 100 ms. */
  readonly "grpc.initial_reconnect_backoff_ms"?: number;
  /** The longest of these pauses. Default: 1 s. */
  readonly "grpc.max_reconnect_backoff_ms"?: number;
  /** The shortest time between two look-ups of a name. Default: 1 s. */
  readonly "grpc.dns_min_time_between_resolutions_ms"?: number;
};

/** How the connections of a channel behave. */
export type ConnectionSettings = {
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly idleMs: number;
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly minResolveMs: number;
  /** Undefined: no address is ejected. */
  readonly ejection: EjectionSettings | undefined;
};

/** What all calls of a channel have in common. */
export type CallSettings = {
  readonly userAgent: string;
  readonly authority: string | undefined;
  readonly readMaxBytes: number;
  readonly gzip: boolean;
  readonly methods: MethodSettings;
};

const MAX_RECEIVED_BYTES = 4 << 20;

/** The version is that of Node, on which all of it runs. */
const USER_AGENT = `grpc-node-http2/${process.versions.node}`;

/** Throws Error for a service config that is not valid JSON. */
export function connectionSettings(options: ChannelOptions): ConnectionSettings {
  return {
    keepaliveMs: options["grpc.keepalive_time_ms"] ?? 10_000,
    keepaliveTimeoutMs: options["grpc.keepalive_timeout_ms"] ?? 5_000,
    idleMs: options["grpc.client_idle_timeout_ms"] ?? 300_000,
    firstBackoffMs: options["grpc.initial_reconnect_backoff_ms"] ?? 100,
    maxBackoffMs: options["grpc.max_reconnect_backoff_ms"] ?? 1_000,
    minResolveMs: options["grpc.dns_min_time_between_resolutions_ms"] ?? 1_000,
    ejection: readEjection(serviceConfigIn(options)),
  };
}

/** Throws Error for a service config that is not valid JSON. */
export function callSettings(options: ChannelOptions): CallSettings {
  const primary = options["grpc.primary_user_agent"];
  const maxBytes = options["grpc.max_receive_message_length"] ?? MAX_RECEIVED_BYTES;
  return {
    userAgent: primary === undefined ? USER_AGENT : `${primary} ${USER_AGENT}`,
    authority: options["grpc.default_authority"],
    readMaxBytes: maxBytes < 0 ? Number.MAX_SAFE_INTEGER : maxBytes,
    gzip: options["grpc.default_compression_algorithm"] === 2,
    methods: readServiceConfig(serviceConfigIn(options), options["grpc.enable_retries"] !== 0),
  };
}

const serviceConfigIn = (options: ChannelOptions): Partial<ServiceConfig> =>
  JSON.parse(options["grpc.service_config"] ?? "{}");
