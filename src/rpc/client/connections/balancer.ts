import type { ConnectionOptions as TlsOptions } from "node:tls";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectionSettings } from "../channel-options.ts";
import type { CallConnection } from "./call-connection.ts";
import { Resolver } from "./resolver.ts";
import { type Location, type SocketAddress, showAddress } from "./socket-address.ts";
import { Subchannel, type SubchannelListener } from "./subchannel.ts";

/** A call on its way to a connection. */
export type WaitingCall = {
  readonly waitForReady: boolean;
  /** Whether it may last for ever, so that it must leave room for others. */
  readonly isStream: boolean;
  open(connection: CallConnection, subchannel: Subchannel): void;
  /** No server can be reached. */
  refuse(cause: Error): void;
  /** There will be no connection. */
  fail(reason: ConnectError): void;
};

/** Puts calls on connections to all addresses of a target in turn, past those that do not answer. It connects with the first call. */
export class Balancer implements SubchannelListener {
  readonly #tls: TlsOptions | undefined;
  readonly #settings: ConnectionSettings;
  readonly #resolver: Resolver;
  readonly #waiting = new Set<WaitingCall>();
  #subchannels = new Map<string, Subchannel>();
  #inTurn: readonly Subchannel[] = [];
  #next = 0;
  #resolved = false;
  #resolveFailure: Error | undefined;
  /** Whether the addresses may be out of date: the last connection that worked has gone, and the name is looked up anew. */
  #lookingAnew = false;
  #settling = false;
  #closed = false;

  constructor(location: Location, tls: TlsOptions | undefined, settings: ConnectionSettings) {
    this.#tls = tls;
    this.#settings = settings;
    this.#resolver = new Resolver(location, settings.minResolveMs, (result) => this.#onResolved(result));
  }

  /** Opens the call: at once, or when there is a connection with room. Ends it if no server can be reached, unless it waits for one. */
  assign(call: WaitingCall): void {
    if (!this.#settle(call)) this.#waiting.add(call);
  }

  forget(call: WaitingCall): void {
    this.#waiting.delete(call);
  }

  /** Lets calls in flight end. */
  close(): void {
    this.#closed = true;
    this.#resolver.close();
    for (const subchannel of this.#inTurn) subchannel.close();
    this.onChange();
  }

  onChange(): void {
    if (this.#settling) return; // a call that is opened may change something itself, which the next round of the loop sees
    this.#settling = true;
    try {
      let streamsWait = false;
      for (const call of this.#waiting) {
        if (streamsWait && call.isStream) continue;
        if (this.#settle(call)) this.#waiting.delete(call);
        else if (call.isStream) streamsWait = true;
        else break; // nor would the others find a connection
      }
    } finally {
      this.#settling = false;
    }
  }

  onLost(proven: boolean): void {
    // The others may have come back since they were last tried, as when all replicas are restarted in turn: no call fails before that is known.
    const looks = this.#resolver.refresh();
    if (!proven || this.#inTurn.some((subchannel) => subchannel.connected)) return;
    for (const subchannel of this.#inTurn) subchannel.retry();
    this.#lookingAnew = looks;
  }

  hasAlternative(to: Subchannel): boolean {
    return this.#inTurn.some((subchannel) => subchannel !== to && subchannel.well);
  }

  get hasSeveral(): boolean {
    return this.#inTurn.length > 1;
  }

  mayEject(): boolean {
    const { maxPercent = 0 } = this.#settings.ejection ?? {};
    const most = (this.#inTurn.length * maxPercent) / 100;
    return this.#inTurn.filter((subchannel) => subchannel.ejected).length + 1 <= Math.max(most, 1);
  }

  /** Opens the call or ends it, unless it must wait. */
  #settle(call: WaitingCall): boolean {
    if (this.#closed) {
      call.fail(new ConnectError("the client is closed", Code.Unavailable));
      return true;
    }
    if (!this.#resolved) this.#resolver.refresh();
    if (this.#open(call)) return true;
    const failure = this.#failure();
    if (failure === undefined || call.waitForReady) return false;
    call.refuse(failure);
    return true;
  }

  #open(call: WaitingCall): boolean {
    if (this.#openAt(call, true)) return true;
    return !this.#inTurn.some(({ asking }) => asking) && this.#openAt(call, false);
  }

  /** `wary`: only at addresses that are well, as far as is known. */
  #openAt(call: WaitingCall, wary: boolean): boolean {
    const count = this.#inTurn.length;
    for (let i = 0; i < count; i++) {
      const at = (this.#next + i) % count;
      const subchannel = this.#inTurn[at]!;
      if (wary && subchannel.ejected) continue;
      const connection = subchannel.pick(wary, call.isStream);
      if (connection === undefined) continue;
      this.#next = (at + 1) % count;
      call.open(connection, subchannel);
      return true;
    }
    return false;
  }

  /** Why no server can be reached; undefined if one may be soon. */
  #failure(): Error | undefined {
    if (this.#lookingAnew) return undefined;
    let failure = this.#resolveFailure;
    for (const subchannel of this.#inTurn) {
      if (subchannel.failure === undefined) return undefined;
      failure = subchannel.failure;
    }
    return failure;
  }

  #onResolved(result: readonly SocketAddress[] | Error): void {
    this.#lookingAnew = false;
    if (result instanceof Error) {
      this.#resolveFailure = result;
      if (!this.#resolved) this.#resolver.refresh();
    } else this.#use(result);
    this.onChange();
  }

  #use(addresses: readonly SocketAddress[]): void {
    this.#resolved = true;
    this.#resolveFailure = undefined;
    const before = this.#subchannels;
    this.#subchannels = new Map(
      addresses.map((address) => {
        const key = showAddress(address);
        return [key, before.get(key) ?? new Subchannel(address, this.#tls, this.#settings, this)];
      }),
    );
    this.#inTurn = [...this.#subchannels.values()];
    for (const [key, subchannel] of before) if (!this.#subchannels.has(key)) subchannel.close();
  }
}
