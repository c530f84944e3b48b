import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export type Protocol = "HTTP/1.1" | "HTTP/2";

/**
 * Tells which protocol a new connection speaks, by its first bytes: HTTP/2 clients with prior knowledge begin with a fixed preface. The
 * bytes stay readable. The socket is destroyed if they take longer than timeoutMs, or never come. Returns a function that gives up.
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
    const length = Math.min(seen.length, PREFACE.length);
    if (seen.compare(PREFACE, 0, length, 0, length) !== 0) done("HTTP/1.1");
    else if (length === PREFACE.length) done("HTTP/2");
  };
  socket.on("readable", onReadable).on("error", giveUp).on("close", stop);
  return giveUp;
}
