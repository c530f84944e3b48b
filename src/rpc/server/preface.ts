import { Buffer } from "node:buffer";
import { METHODS } from "node:http";
import type { Socket } from "node:net";
import { PREFACE } from "../../http2/protocol.ts";

/** How HTTP/1.1 can begin: with a method, or with the empty lines that are allowed before it. */
let http1Beginnings: readonly Buffer[] | undefined;

const beginningsOfHttp1 = (): readonly Buffer[] =>
  (http1Beginnings ??= [...METHODS.map((method) => `${method} `), "\r", "\n"].map((text) => Buffer.from(text)));

export type Protocol = "HTTP/1.1" | "HTTP/2";

/**
 * Detects the protocol of a new connection by its first bytes: HTTP/2 clients with prior knowledge start with a fixed preface. The bytes
 * remain readable. Destroys the socket as soon as they match neither protocol, or after timeoutMs. Returns a function that does so at once.
 */
export function sniffProtocol(socket: Socket, timeoutMs: number, found: (protocol: Protocol) => void): () => void {
  let seen: Buffer = Buffer.alloc(0);
  const giveUp = () => {
    socket.destroy();
  };
  const timer = setTimeout(giveUp, timeoutMs).unref();

  const stop = () => {
    clearTimeout(timer);
    socket.off("readable", onReadable).off("error", giveUp).off("close", stop);
  };
  const done = (protocol: Protocol) => {
    stop();
    socket.unshift(seen);
    found(protocol);
  };
  const onReadable = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    if (agree(seen, PREFACE)) {
      if (seen.length >= PREFACE.length) done("HTTP/2");
      return;
    }
    const http1 = beginningsOfHttp1().find((beginning) => agree(seen, beginning));
    if (http1 === undefined) giveUp();
    else if (seen.length >= http1.length) done("HTTP/1.1");
  };
  socket.on("readable", onReadable).on("error", giveUp).on("close", stop);
  return giveUp;
}

/** Whether one is a prefix of the other. */
function agree(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return a.compare(b, 0, length, 0, length) === 0;
}
