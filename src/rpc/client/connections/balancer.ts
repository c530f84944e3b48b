import type { ConnectionOptions as TlsOptions } from "node:tls";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectionSettings } from "../channel-options.ts";
import { Address, type AddressListener } from "./address.ts";
import type { Connection } from "./connection.ts";
import { type Endpoint, type Location, showEndpoint } from "./endpoint.ts";
import { Resolver } from "./resolver.ts";

/** A call on its way to a connection. */
export type WaitingCall = {
  readonly waitForReady: boolean;
  open(connection: Connection, address: Address): void;
  /** No server can be reached. */
  refuse(cause: Error): void;
  /** There will be no connection. */
  fail(reason: ConnectError): void;
};

/** Puts calls on connections to all addresses of a target in turn, past those that do not answer. It connects with the first call. */
export class Balancer implements AddressListener {
  readonly #tls: TlsOptions | undefined;
  readonly #settings: ConnectionSettings;
  readonly #resolver: Resolver;
  readonly #waiting = new Set<WaitingCall>();
  #addresses = new Map<string, Address>();
  #inTurn: readonly Address[] = [];
  #next = 0;
  #resolved = false;
  #resolveFailure: Error | undefined;
  #closed = false;

  constructor(location: Location, tls: TlsOptions | undefined, settings: ConnectionSettings) {
    this.#tls = tls;
    this.#settings = settings;
    this.#resolver = new Resolver(location, settings.minResolveMs, (result) => this.#onResolved(result));
  }

  /** Opens the call: at once, or when there is a connection with room. Ends it if no server can be reached, unless it waits for one. */
  assign(call: WaitingCall): void {
    if (this.#closed) {
      call.fail(new ConnectError("the client is closed", Code.Unavailable));
      return;
    }
    if (!this.#resolved) this.#resolver.refresh();
    if (this.#open(call)) return;
    const failure = this.#failure();
    if (failure === undefined || call.waitForReady) this.#waiting.add(call);
    else call.refuse(failure);
  }

  forget(call: WaitingCall): void {
    this.#waiting.delete(call);
  }

  /** Lets calls in flight end. */
  close(): void {
    this.#closed = true;
    this.#resolver.close();
    for (const address of this.#inTurn) address.close();
    this.onChange();
  }

  onChange(): void {
    if (this.#waiting.size === 0) return;
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) this.assign(call);
  }

  onLost(): void {
    this.#resolver.refresh();
  }

  #open(call: WaitingCall): boolean {
    return this.#openAt(call, true) || this.#openAt(call, false);
  }

  /** `wary`: only at addresses that are well, as far as is known. */
  #openAt(call: WaitingCall, wary: boolean): boolean {
    const count = this.#inTurn.length;
    for (let i = 0; i < count; i++) {
      const at = (this.#next + i) % count;
      const address = this.#inTurn[at]!;
      if (wary && address.ejected) continue;
      const connection = address.pick(wary);
      if (connection === undefined) continue;
      this.#next = (at + 1) % count;
      call.open(connection, address);
      return true;
    }
    return false;
  }

  /** Why no server can be reached; undefined if one may be soon. */
  #failure(): Error | undefined {
    let failure = this.#resolveFailure;
    for (const address of this.#inTurn) {
      if (address.failure === undefined) return undefined;
      failure = address.failure;
    }
    return failure;
  }

  #onResolved(result: readonly Endpoint[] | Error): void {
    if (result instanceof Error) {
      this.#resolveFailure = result;
      if (!this.#resolved) this.#resolver.refresh();
    } else this.#use(result);
    this.onChange();
  }

  #use(endpoints: readonly Endpoint[]): void {
    this.#resolved = true;
    this.#resolveFailure = undefined;
    const before = this.#addresses;
    this.#addresses = new Map(
      endpoints.map((endpoint) => {
        const key = showEndpoint(endpoint);
        return [key, before.get(key) ?? new Address(endpoint, this.#tls, this.#settings, this)];
      }),
    );
    this.#inTurn = [...this.#addresses.values()];
    for (const [key, address] of before) if (!this.#addresses.has(key)) address.close();
  }
}
