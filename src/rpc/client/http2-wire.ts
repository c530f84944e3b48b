import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { DescMethod } from "@bufbuild/protobuf";
import { CallHeaders } from "./call-headers.ts";
import { type CallStart, type Channel, timeoutFields } from "./calls/call-start.ts";
import { openStream } from "./calls/stream-call.ts";
import { callUnary } from "./calls/unary-call.ts";
import { type CallSettings, type ChannelOptions, callSettings, connectionSettings } from "./channel-options.ts";
import { Balancer } from "./connections/balancer.ts";
import { locationOf } from "./connections/socket-address.ts";
import type { Method } from "./method.ts";
import type { MethodSetting } from "./method-settings.ts";
import { originOf } from "./target.ts";
import type { CallInit, Wire } from "./wire.ts";

export type Http2WireOptions = {
  readonly target: string;
  readonly tls: TlsOptions | undefined;
  readonly channelOptions: ChannelOptions;
  readonly waitForReady: boolean;
};

type Known = { readonly setting: MethodSetting; readonly fields: readonly string[] };

/** gRPC over our own HTTP/2. */
export function http2Wire({ target, tls, channelOptions, waitForReady }: Http2WireOptions): Wire {
  const settings = callSettings(channelOptions);
  const balancer = new Balancer(locationOf(target), tls, connectionSettings(channelOptions));
  const channel: Channel = { balancer, settings, waitForReady };
  const scheme = tls === undefined ? "http" : "https";
  const authority = settings.authority ?? new URL(originOf(target)).host;
  const known = new WeakMap<Method, Known>();

  function knownOf(method: Method): Known {
    let entry = known.get(method);
    if (entry === undefined) {
      entry = { setting: settings.methods.of(method.path), fields: fieldsOf(scheme, authority, method.path, settings) };
      known.set(method, entry);
    }
    return entry;
  }

  function startOf<D extends DescMethod>(init: CallInit<D>): CallStart<D> {
    const { method, signal, header } = init;
    const { setting, fields } = knownOf(method as unknown as Method);
    const deadline = earlier(init.deadline, setting);
    const ownFields = timeoutFields(deadline);
    if (header !== undefined) CallHeaders.addTo(ownFields, header);
    return { channel, method, setting, fields, ownFields, signal, deadline };
  }

  return {
    unary: (init, message) => callUnary(startOf(init), message),
    stream: (init, messages, input) => openStream(startOf(init), messages, input),
    close: () => balancer.close(),
  };
}

/** As names and values in turn: one list for each method, which a connection encodes once. */
function fieldsOf(scheme: string, authority: string, path: string, { userAgent, gzip }: CallSettings): string[] {
  const fields = [":method", "POST", ":scheme", scheme, ":path", path, ":authority", authority];
  fields.push("te", "trailers", "content-type", "application/grpc", "user-agent", userAgent);
  fields.push("grpc-accept-encoding", "identity,gzip");
  if (gzip) fields.push("grpc-encoding", "gzip");
  return fields;
}

function earlier(deadline: number, { timeoutMs }: MethodSetting): number {
  return timeoutMs === Number.POSITIVE_INFINITY ? deadline : Math.min(deadline, Date.now() + timeoutMs);
}
