import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";
import type { HookedCall } from "../hooks/hooks.ts";
import { CallHeaders } from "./call-headers.ts";
import { ClientRequest, type ClientRequestInit } from "./request.ts";
import { abortError } from "./wire.ts";

/** The request of a call whose interceptors are all made of hooks. What hooks do not look at is not made. */
export class HookedRequest implements HookedCall {
  readonly header: Headers;
  readonly #init: ClientRequestInit;
  #request: ClientRequest | undefined;

  constructor(init: ClientRequestInit) {
    this.header = CallHeaders.from(init.header);
    this.#init = init;
  }

  get stream(): boolean {
    return this.method.methodKind !== "unary";
  }
  get service(): DescService {
    return this.method.parent;
  }
  get method(): DescMethod {
    return this.#init.method.desc;
  }
  get url(): string {
    return this.#init.method.url;
  }
  get contextValues(): ContextValues {
    return this.#whole.contextValues;
  }
  get signal(): AbortSignal {
    return this.#whole.openSignal();
  }

  get #whole(): ClientRequest {
    this.#request ??= new ClientRequest(this.#init);
    return this.#request;
  }

  /** The call has ended. */
  end(): void {
    this.#request?.end();
  }

  /** Ends the call and returns its error: that of the caller's signal, if it was aborted. */
  fail(reason: unknown): unknown {
    if (this.#request !== undefined) return this.#request.fail(reason);
    const { signal } = this.#init;
    return signal?.aborted ? abortError(signal) : reason;
  }
}
