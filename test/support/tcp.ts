// Bare connections, for what no HTTP client sends.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection whose errors end nothing. */
export async function connectTcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Sends parts, each in a packet of its own, and gives all that comes back until the server closes the connection. */
export async function exchange(port: number, parts: Iterable<string>): Promise<string> {
  const socket = await connectTcp(port);
  let answer = "";
  socket.on("data", (data) => {
    answer += data;
  });
  const closed = once(socket, "close");
  for (const part of parts) {
    socket.write(part, "latin1");
    await new Promise(setImmediate);
  }
  await closed;
  return answer;
}
