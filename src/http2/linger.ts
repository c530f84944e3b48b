import type { Socket } from "node:net";

/** What a peer gets to read the last frames. If the socket were closed while it still sends, TCP's reset could overtake them. */
const LINGER_MS = 500;
/** What it gets before that to take what the socket has not sent, if it did nothing wrong. */
const UNSENT_MS = 5000;

/** Sends what the socket has, then closes it when the peer does, or soon. What still comes is dropped. `inPeace`: the peer is not to blame. */
export function lingerAndClose(socket: Socket, inPeace: boolean): void {
  if (socket.destroyed) return;
  if (socket.connecting) {
    socket.destroy();
    return;
  }
  const end = () => socket.destroy();
  let timer = setTimeout(end, inPeace && socket.writableLength > 0 ? UNSENT_MS : LINGER_MS).unref();
  socket.once("finish", () => {
    clearTimeout(timer);
    timer = setTimeout(end, LINGER_MS).unref();
  });
  socket.once("close", () => clearTimeout(timer));
  socket.end();
  socket.resume();
}
