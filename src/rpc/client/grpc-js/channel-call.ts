import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ChannelInterface, type Metadata, type StatusObject, status } from "@grpc/grpc-js";
import type { Method } from "../method.ts";
import { abortError } from "../wire.ts";
import { statusOutcome } from "./status-outcome.ts";

/** What is needed to start a call. */
export type ChannelStart<D extends DescMethod = DescMethod> = {
  readonly channel: ChannelInterface;
  readonly method: Method<D>;
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
  readonly metadata: Metadata;
};

/**
 * An RPC over Channel#createCall, the layer below grpc.Client, which would add an event emitter, interceptor wrappers and a stack trace to
 * each call. The object is its own listener for grpc-js and for the abort signal, so a call needs no closures.
 *
 * Methods that grpc-js calls must not throw: nothing would catch it, and the process would end.
 */
export abstract class ChannelCall<D extends DescMethod> {
  protected readonly method: Method<D>;
  protected readonly wire: ReturnType<ChannelInterface["createCall"]>;
  protected header: Metadata | undefined;
  /** Why the call failed; the first reason counts. */
  protected failure: ConnectError | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: number;

  constructor({ channel, method, signal, deadline, metadata }: ChannelStart<D>) {
    this.method = method;
    this.#signal = signal;
    this.#deadline = deadline;
    this.wire = createCall(channel, method.path, deadline);
    this.wire.start(metadata, this);
    signal?.addEventListener("abort", this);
  }

  /** A message has come. The next one comes only after another startRead(). */
  abstract onReceiveMessage(bytes: Buffer): void;

  /** The call has ended, and `failure` is set if it failed. */
  protected abstract finish(trailer: Metadata): void;

  onReceiveMetadata(metadata: Metadata): void {
    this.header = metadata;
  }

  onReceiveStatus(ended: StatusObject): void {
    this.#signal?.removeEventListener("abort", this);
    if (ended.code !== status.OK) this.failure ??= this.#errorOf(ended);
    this.finish(ended.metadata);
  }

  /** The caller's signal was aborted. */
  handleEvent(): void {
    this.fail(abortError(this.#signal!));
  }

  /** Ends the call from this side; finish() follows. */
  protected fail(reason: unknown): void {
    this.failure ??= ConnectError.from(reason);
    this.wire.cancelWithStatus(status.CANCELLED, "Cancelled on client");
  }

  #errorOf(ended: StatusObject): ConnectError {
    return statusOutcome({ path: this.method.path, deadline: this.#deadline, header: this.header, status: ended });
  }
}

function createCall(
  channel: ChannelInterface,
  path: string,
  deadline: number,
): ReturnType<ChannelInterface["createCall"]> {
  try {
    return channel.createCall(path, deadline, null, null, null);
  } catch (error) {
    throw new ConnectError("the client is closed", Code.Unavailable, undefined, undefined, error);
  }
}
