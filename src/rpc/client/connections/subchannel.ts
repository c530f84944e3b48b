import type { ConnectionOptions as TlsOptions } from "node:tls";
import { Backoff } from "../backoff.ts";
import type { ConnectionSettings } from "../channel-options.ts";
import { CallConnection, type CallConnectionListener } from "./call-connection.ts";
import { type SocketAddress, showAddress } from "./socket-address.ts";

export type SubchannelListener = {
  /** Calls that wait may find a connection now, or must fail. */
  onChange(): void;
  /** A connection has ended: the server may be somewhere else. `proven`: calls got answers on it. */
  onLost(proven: boolean): void;
  /** Whether a server other than that is well and has room. */
  hasAlternative(to: Subchannel): boolean;
  /** Whether one more address may be ejected. */
  mayEject(): boolean;
  /** Whether there are other addresses at all. */
  readonly hasSeveral: boolean;
};

/** What an attempt to connect may take. Where there are other addresses, the first one may take less, and each that fails gives more to the next. */
const CONNECT_MS = { first: 2_000, longest: 10_000 };

/**
 * A server that allows few calls a connection gets this many connections; then calls wait for their turn. Streams, which may last for ever,
 * get one less, so that they never hold up all others.
 */
const MAX_CONNECTIONS = 8;

/** The connections to one address. A pause follows an attempt that fails, and a second connection in a row that never
 * got an answer. */
export class Subchannel implements CallConnectionListener {
  /** Such as "10.0.0.1:80". */
  readonly name: string;
  readonly #address: SocketAddress;
  readonly #tls: TlsOptions | undefined;
  readonly #settings: ConnectionSettings;
  readonly #listener: SubchannelListener;
  readonly #connections = new Set<CallConnection>();
  readonly #backoff: Backoff;
  readonly #ejections: Backoff;
  #connecting: CallConnection | undefined;
  /** The connection that streams may not have. */
  #spare: CallConnection | undefined;
  #pause: NodeJS.Timeout | undefined;
  #closed = false;
  /** Connections that ended before a call got an answer, one after the other. */
  #unprovenInRow = 0;
  #connectMs = CONNECT_MS.first;
  #failures = 0;
  #ejectedUntil = 0;
  /** Whether a call tries it after it was ejected. Others go elsewhere meanwhile. */
  #onTrial = false;
  /** Why there is no connection, after an attempt has failed and until one succeeds. */
  failure: Error | undefined;

  constructor(
    address: SocketAddress,
    tls: TlsOptions | undefined,
    settings: ConnectionSettings,
    to: SubchannelListener,
  ) {
    this.name = showAddress(address);
    this.#address = address;
    this.#tls = tls;
    this.#settings = settings;
    this.#listener = to;
    this.#backoff = new Backoff(settings.firstBackoffMs, settings.maxBackoffMs);
    const { firstMs = 0, longestMs = 0 } = settings.ejection ?? {};
    this.#ejections = new Backoff(firstMs, longestMs);
  }

  /** Whether calls should go elsewhere, if they can. */
  get ejected(): boolean {
    return this.#ejectedUntil > 0 && performance.now() < this.#ejectedUntil;
  }

  get connected(): boolean {
    return this.#connections.size > 0;
  }

  /** Forgets that attempts have failed: the next call may try again at once. */
  retry(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.failure = undefined;
  }

  /** A connection with room, that with the most; begins another one where there is none. `wary`: none that may be hung. */
  pick(wary: boolean, isStream: boolean): CallConnection | undefined {
    let best: CallConnection | undefined;
    let most = 0;
    for (const connection of this.#connections) {
      const { room } = connection;
      if (wary && room > 0) connection.askIfStale();
      if (room <= most || (wary && connection.doubted) || (isStream && connection === this.#spare)) continue;
      best = connection;
      most = room;
    }
    if (best === undefined) {
      if (!(wary && this.asking)) this.#connect(isStream);
    } else if (this.#ejectedUntil > 0 && !this.ejected) this.#beginTrial();
    return best;
  }

  /** A call has ended; `available`: the server did not say or show that it is UNAVAILABLE. */
  report(available: boolean): void {
    if (!available) this.#countFailure();
    else if (this.#failures > 0 || this.#ejectedUntil > 0) {
      this.#failures = 0;
      if (this.ejected && !this.#onTrial) return; // a call from before
      this.#onTrial = false;
      this.#ejectedUntil = 0;
      this.#ejections.reset();
    }
  }

  onOpen(connection: CallConnection): void {
    this.#connecting = undefined;
    this.#connectMs = CONNECT_MS.first;
    this.failure = undefined;
    this.#connections.add(connection);
    this.#listener.onChange();
  }

  /** Whether a call would be answered here, as far as is known. */
  get well(): boolean {
    if (this.ejected) return false;
    for (const { room, doubted } of this.#connections) if (room > 0 && !doubted) return true;
    return false;
  }

  /** Whether a server that was asked before a call may still answer at once. */
  get asking(): boolean {
    return !this.ejected && this.#connections.values().some(({ asking }) => asking);
  }

  get hasSeveral(): boolean {
    return this.#listener.hasSeveral;
  }

  hasAlternative(): boolean {
    return this.#listener.hasAlternative(this);
  }

  onFree(): void {
    this.#listener.onChange();
  }

  onRetired(connection: CallConnection): void {
    const wasOpen = this.#connections.delete(connection);
    if (connection === this.#connecting) this.#connecting = undefined;
    if (connection === this.#spare) this.#spare = undefined;
    if (connection.proven) this.#succeeded();
    else if (!this.#closed && (!wasOpen || ++this.#unprovenInRow > 1)) this.#failed(connection.cause);
    this.#listener.onLost(connection.proven);
    this.#listener.onChange();
  }

  /** Lets calls in flight end. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pause);
    for (const connection of this.#connections) connection.close();
    this.#connecting?.close();
  }

  #connect(isStream: boolean): void {
    if (this.#connecting !== undefined || this.#pause !== undefined) return;
    const shared = this.#connections.size - (this.#spare === undefined ? 0 : 1);
    const isSpare = shared >= MAX_CONNECTIONS - 1;
    if (isSpare && (isStream || this.#spare !== undefined)) return;
    const connectMs = this.#listener.hasSeveral ? this.#connectMs : CONNECT_MS.longest;
    this.#connecting = new CallConnection(this.#address, this.#tls, this.#settings, connectMs, this);
    if (isSpare) this.#spare = this.#connecting;
  }

  #countFailure(): void {
    const { ejection } = this.#settings;
    if (ejection === undefined) return;
    if (!this.#onTrial && (++this.#failures < ejection.failures || !this.#listener.mayEject())) return;
    this.#failures = 0;
    this.#onTrial = false;
    this.#ejectedUntil = performance.now() + this.#ejections.next();
  }

  /** If the call never ends, another one tries it after as long as the first ejection took. */
  #beginTrial(): void {
    this.#onTrial = true;
    this.#ejectedUntil = performance.now() + (this.#settings.ejection?.firstMs ?? 0);
  }

  #succeeded(): void {
    this.#unprovenInRow = 0;
    this.#backoff.reset();
  }

  #failed(cause: Error | undefined): void {
    this.#connectMs = Math.min(2 * this.#connectMs, CONNECT_MS.longest);
    if (this.#connections.size === 0) this.failure = cause ?? new Error("the server closed the connection");
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#listener.onChange();
    }, this.#backoff.next());
  }
}
