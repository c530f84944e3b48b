import type { DescMethod } from "@bufbuild/protobuf";
import { Channel, credentials, Metadata } from "@grpc/grpc-js";
import { register } from "@grpc/grpc-js-xds";
import type { ChannelOptions } from "../channel-options.ts";
import type { CallInit, Wire } from "../wire.ts";
import type { ChannelStart } from "./channel-call.ts";
import { MetadataHeaders } from "./metadata-headers.ts";
import { openStreamOnChannel } from "./stream-call.ts";
import { callUnaryOnChannel } from "./unary-call.ts";

export type XdsWireOptions = {
  /** "xds:///users". */
  readonly target: string;
  readonly channelOptions: ChannelOptions;
  readonly waitForReady: boolean;
};

/**
 * gRPC over a channel of grpc-js, which can ask a control plane. Load it only when it is needed: it and its packages take time and memory.
 * Registers xds: for the whole process.
 */
export function xdsWire({ target, channelOptions, waitForReady }: XdsWireOptions): Wire {
  register();
  const channel = new Channel(target, credentials.createInsecure(), channelOptions);
  const noHeaders = new Metadata({ waitForReady });

  function startOf<D extends DescMethod>({ method, signal, deadline, header }: CallInit<D>): ChannelStart<D> {
    const metadata = header === undefined ? noHeaders : MetadataHeaders.toMetadata(header, noHeaders);
    return { channel, method, signal, deadline, metadata };
  }

  return {
    unary: (init, message) => callUnaryOnChannel(startOf(init), message),
    stream: (init, messages, input) => openStreamOnChannel(startOf(init), messages, input),
    close: () => channel.close(),
  };
}
