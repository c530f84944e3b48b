import type { Readable } from "node:stream";
import type { ConnectError } from "@connectrpc/connect";
import { ErrorCode } from "../../../http2/protocol.ts";
import type { BareAnswer, ObserveBareRequest } from "../../bare-requests.ts";
import type { ConnectionInfo } from "../../connection-info.ts";
import type { Indexed } from "../../indexed-set.ts";
import { splitTarget } from "../../request-target.ts";
import type { Budget, StreamHolder, Wait } from "../budget.ts";
import { discard } from "../discard.ts";
import { noRoom, requestTooSlow } from "../errors.ts";
import type { FrameQueue } from "../frame-queue.ts";
import { headerBytes } from "../header-bytes.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";
import type { RpcServerLimits } from "../limits.ts";
import { PieceAllowance } from "../piece-allowance.ts";
import { connectionOf } from "./connection-of.ts";

/** Rough memory of an open request without its headers and body, but with what its handler needs. */
const REQUEST_BYTES = 32 << 10;

/** Smaller answers are covered by that. */
const COVERED_BYTES = 4096;

/** What the end of an evicted stream may take: its handler may ignore its signal, and its client take nothing. */
const EVICTION_MS = 1000;

/** As nginx has it for clients that do not wait for their answer. */
const CLIENT_LEFT = 499;

type Limits = Pick<RpcServerLimits, "readTimeoutMs" | "requestTimeoutMs" | "writeTimeoutMs">;

/** A request that is not gRPC, from its head until the client has taken the answer. */
export class PlainCall implements StreamHolder, Indexed {
  readonly req: HttpRequest;
  readonly res: HttpResponse;
  readonly budget: Budget;
  readonly connection: ConnectionInfo;
  sequence: number;
  heldBytes = 0;
  index = -1;
  /** The messages of a request stream, which may last as long as it likes. */
  requests: FrameQueue | undefined;
  /** Whether the answer is a stream, which may pause. */
  streamsAnswer = false;
  /** While the body is read: ends the reading with an error. */
  onRefuse: ((reason: unknown) => void) | undefined;
  /** Of an answer that is a stream: ends it with an error. */
  onEvict: ((reason: ConnectError) => void) | undefined;
  /** Whether the answer is taken or the connection gone. */
  closed = false;
  /** The path or path template that was found for it. */
  route: string | undefined;
  /** Whether interceptors see the call. */
  intercepted = false;
  readonly startedAt = performance.now();
  readonly #observe: ObserveBareRequest;
  #bare: BareAnswer | undefined;
  #working = false;
  #owesSince = this.startedAt;
  #pieces = new PieceAllowance();
  #untaken = { bytes: 0, since: 0 };

  constructor(req: HttpRequest, res: HttpResponse, budget: Budget, observe: ObserveBareRequest) {
    this.req = req;
    this.res = res;
    this.budget = budget;
    this.sequence = budget.nextSequence();
    this.connection = connectionOf(req);
    this.#observe = observe;
  }

  /** Starts counting memory; false if there is no room. */
  begin(): boolean {
    return this.budget.hold(this, REQUEST_BYTES + headerBytes(this.req.rawHeaders));
  }

  end(): void {
    this.closed = true;
    this.budget.releaseAll(this);
    if (!this.#working) this.#endBare();
  }

  /** Does the work from which the answer comes. */
  async work(work: () => Promise<void>): Promise<void> {
    this.beginWork();
    try {
      await work();
    } finally {
      this.endWork();
    }
  }

  /** From now on it is open whether interceptors will see the call. */
  beginWork(): void {
    this.#working = true;
  }

  /** They do, or never will. Whoever knows it first says so. */
  endWork(): void {
    if (!this.#working) return;
    this.#working = false;
    if (this.closed) this.#endBare();
  }

  #endBare(): void {
    this.prepareAnswer();
    this.#bare?.end(this.res.headersSent ? this.res.statusCode : CLIENT_LEFT);
  }

  /** Call it before the head of an answer is written: an answer that no interceptor has seen is observed, and may get a header. */
  prepareAnswer(): void {
    if (this.intercepted || this.#bare !== undefined) return;
    const { method = "", url = "", headers } = this.req;
    const { route, connection } = this;
    const { path } = splitTarget(url);
    this.#bare = this.#observe({ method, path, route, isGrpc: false, headers, connection });
    if (this.#bare.traceResponse !== undefined) this.setHeader("traceresponse", this.#bare.traceResponse);
  }

  /** Adds a header to the answer, unless its head is sent. */
  setHeader(name: string, value: string): void {
    const { res } = this;
    if (!res.headersSent) res.setHeader(name, value);
  }

  /** Where the body is read. */
  get source(): Readable {
    return this.req;
  }

  get bodyEnded(): boolean {
    return this.req.complete;
  }

  /** Bytes of the answer that the connection has not taken. */
  get untakenBytes(): number {
    const { res } = this;
    // Over HTTP/2, what the response waits for is with its stream.
    if ("stream" in res) return Math.max(res.writableLength, res.stream.writableLength);
    return res.writableLength + (res.socket?.writableLength ?? 0);
  }

  get waits(): Wait {
    if (this.owesRequest || this.res.writableEnded || this.untakenBytes > 0) return "client";
    return this.requests?.reading === true || this.streamsAnswer ? "rest" : undefined;
  }

  /** Whether the client owes the rest of the body, or of a message. */
  get owesRequest(): boolean {
    return this.onRefuse !== undefined && (this.requests === undefined || this.requests.stalled);
  }

  evict(): void {
    const rests = this.waits === "rest"; // who does not take what was sent would not take an error either
    if (this.onRefuse !== undefined) this.refuse(noRoom());
    else {
      this.onEvict?.(noRoom());
      if (rests && this.onEvict !== undefined) setTimeout(() => this.#cut(), EVICTION_MS).unref();
      else this.#cut();
    }
    this.budget.releaseAll(this);
  }

  /** Counts what waits on a stream of HTTP/2 until it is read; less, if negative. */
  onHold(bytes: number): void {
    if (!this.closed && !this.budget.holdMore(this, bytes)) this.evict();
  }

  /** Counts an answer of this size until it is taken. If there is no room for it, cuts the connection or stream and returns false. */
  holdAnswer(bytes: number): boolean {
    if (bytes <= COVERED_BYTES || this.budget.hold(this, bytes)) return true;
    this.evict();
    return false;
  }

  /** A piece of the body has come. Too many tiny ones end the connection. */
  onPiece(bytes: number, isWhole: boolean): void {
    if (this.#pieces.take(bytes, isWhole)) return;
    if ("stream" in this.req) this.req.stream.owner.destroy(undefined, ErrorCode.ENHANCE_YOUR_CALM);
    else this.req.socket.destroy();
  }

  refuse(reason: unknown): void {
    const refuse = this.onRefuse;
    this.onRefuse = undefined;
    refuse?.(reason);
  }

  /** Gives up on a client that sends or takes nothing for too long. */
  sweep(now: number, { readTimeoutMs, requestTimeoutMs, writeTimeoutMs }: Limits): void {
    const patience = this.requests === undefined ? requestTimeoutMs : readTimeoutMs;
    if (!this.owesRequest) this.#owesSince = now;
    else if (now - this.#owesSince >= patience) this.refuse(requestTooSlow());
    const bytes = this.untakenBytes;
    if (bytes === 0 || bytes !== this.#untaken.bytes) this.#untaken = { bytes, since: now };
    else if (now - this.#untaken.since >= writeTimeoutMs) this.#cut();
  }

  /** The answer of HTTP/1.1 is sent: see discard(). The connection is kept if the rest of the request comes soon. */
  discardRest(): void {
    if (this.bodyEnded || "stream" in this.req) return;
    const { socket } = this.req;
    discard(this.req, () => socket.destroy());
  }

  #cut(): void {
    if (this.closed) return;
    if ("stream" in this.req) this.req.stream.reset(ErrorCode.CANCEL);
    else this.req.socket.destroy();
  }
}
