import type { Buffer } from "node:buffer";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ObserveBareRequest } from "../bare-requests.ts";
import { answerClientErrors, type Http1Requests } from "./http1-errors.ts";
import type { RpcServerLimits } from "./limits.ts";
import type { PlainListener } from "./plain/listener.ts";

/** The HTTP/1.1 connections of a server. */
export type Http1 = {
  serve(socket: Socket): void;
  /** When the last request of a connection ended, by performance.now(); undefined while one is under way. */
  idleSince(socket: Socket): number | undefined;
  /**
   * Ends every connection after its next answer, and those that bring no request after idleMs. HTTP/1.1 has no way to tell a client that a
   * request was not taken, and closing an idle connection can cross one that is on its way.
   */
  drain(idleMs: number): void;
  close(): void;
};

type Activity = Http1Requests & { readonly unanswered: Set<ServerResponse>; idleSince: number };

/** How often a drain checks for connections that have become idle. */
const SWEEP_MS = 50;

type Http1Args = [limits: RpcServerLimits, idleTimeoutMs: number, listener: PlainListener, observe: ObserveBareRequest];

/** Loads Node's HTTP/1.1 with the first connection: it takes 3 ms of a start, and most roles are never asked over it. */
export function createHttp1(...args: Http1Args): Http1 {
  let made: Http1 | undefined;
  let drainIdleMs: number | undefined;
  let isClosed = false;
  const http1 = () => {
    if (made === undefined) {
      made = makeHttp1(...args);
      if (drainIdleMs !== undefined) made.drain(drainIdleMs);
    }
    return made;
  };
  return {
    serve(socket) {
      if (isClosed) socket.destroy();
      else http1().serve(socket);
    },
    idleSince: (socket) => http1().idleSince(socket),
    drain(idleMs) {
      drainIdleMs ??= idleMs;
      made?.drain(idleMs);
    },
    close() {
      isClosed = true;
      made?.close();
    },
  };
}

function makeHttp1(...[limits, idleTimeoutMs, listener, observe]: Http1Args): Http1 {
  const activities = new WeakMap<Socket, Activity>();
  const open = new Set<Activity>();
  let draining = false;
  let sweeper: NodeJS.Timeout | undefined;

  const activityOf = (socket: Socket): Activity => {
    let activity = activities.get(socket);
    if (activity === undefined) {
      const unanswered = new Set<ServerResponse>();
      activity = { unanswered, last: undefined, idleSince: performance.now() };
      activities.set(socket, activity);
      if (!socket.closed) open.add(activity);
      // Of pipelined requests, node emits "close" only on the response that is being sent.
      socket.once("close", () => {
        open.delete(activity!);
        for (const res of unanswered) res.emit("close");
      });
    }
    return activity;
  };

  const server: Server = createServer(
    {
      maxHeaderSize: limits.maxHeaderListBytes,
      requestTimeout: timeoutForNode(limits.requestTimeoutMs),
      headersTimeout: timeoutForNode(Math.min(limits.requestTimeoutMs, limits.readTimeoutMs)),
      keepAliveTimeout: timeoutForNode(idleTimeoutMs),
    },
    (req, res) => {
      const activity = activityOf(req.socket);
      if (req.socket.destroyed) return; // node still parses what it has read
      if (activity.unanswered.size >= limits.maxConcurrentStreams) {
        req.socket.destroy();
        return;
      }
      activity.last = req;
      activity.unanswered.add(res);
      res.once("close", () => {
        activity.unanswered.delete(res);
        activity.idleSince = performance.now();
      });
      if (draining) res.shouldKeepAlive = false;
      listener(req, res);
    },
  );
  // RFC 9110 allows to ignore an expectation that is unknown. Node would answer it, unobserved.
  server.on("checkExpectation", (req, res) => server.emit("request", req, res));
  answerClientErrors(server, observe, (socket) => activityOf(socket));
  server.maxHeadersCount = limits.maxHeaderFields + 1; // node silently drops the rest; the listener refuses a request with the one more
  // Nothing was read or written for this long: the client does not take its answer, or is idle. A slow handler is neither.
  server.setTimeout(timeoutForNode(limits.writeTimeoutMs));
  server.on("timeout", (socket) => {
    if (activityOf(socket).unanswered.size === 0 || socket.writableLength > 0) socket.destroy();
  });
  server.emit("listening"); // it never listens, but this event starts its timeout checks

  return {
    serve(socket) {
      server.emit("connection", socket);
      readInPieces(socket);
    },
    idleSince(socket) {
      const { unanswered, idleSince } = activityOf(socket);
      return unanswered.size > 0 ? undefined : idleSince;
    },
    drain(idleMs) {
      draining = true;
      for (const { unanswered } of open) {
        for (const res of unanswered) res.shouldKeepAlive = false; // no effect on heads that are sent
      }
      const closeIdle = () => {
        server.closeIdleConnections();
        sweeper = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      };
      if (sweeper !== undefined) return;
      if (idleMs > 0) sweeper = setTimeout(closeIdle, idleMs);
      else closeIdle();
    },
    close() {
      clearInterval(sweeper);
      server.close();
    },
  };
}

/** Node adds a second to some. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1 - 1000;

/** For Node, 0 is none. */
const timeoutForNode = (ms: number): number => (ms > MAX_TIMEOUT_MS ? 0 : ms);

/** Most requests fit into one piece, and a piece holds no more than about thirty. */
const PIECE_BYTES = 1024;

/**
 * Feeds node's parser in pieces, until the connection is ended. Left alone, it would turn everything that was read at once into requests:
 * thousands, if they are pipelined, on each connection, before any of them is freed.
 */
function readInPieces(socket: Socket): void {
  const parse = socket.listeners("data") as ((chunk: Buffer) => void)[];
  socket.removeAllListeners("data");
  socket.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && !socket.destroyed && !socket.writableEnded; at += PIECE_BYTES) {
      if (socket.isPaused()) {
        socket.unshift(chunk.subarray(at)); // node paused it until answers are taken
        return;
      }
      const piece = chunk.length <= PIECE_BYTES ? chunk : chunk.subarray(at, at + PIECE_BYTES);
      for (const listener of parse) listener.call(socket, piece);
    }
  });
}
