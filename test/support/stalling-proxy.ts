import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy whose answers can be held back: what a client asks takes effect, but the client never hears of it. */
export type StallingProxy = {
  readonly port: number;
  /** How many pieces of answers were held back. */
  readonly held: number;
  /** From now on connections carry requests but no answers. */
  stall(): void;
  /** From now on nothing passes on the connections that there are, which stay open; new ones work. */
  forget(): void;
  /** Cuts the stalled connections; new ones work. */
  resume(): void;
  close(): Promise<void>;
};

export async function startStallingProxy(targetPort: number): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  let stalled = false;
  let held = 0;
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client
      .on("data", (data) => {
        if (!forgotten.has(client)) target.write(data);
      })
      .on("close", () => target.destroy());
    target
      .on("data", (data) => {
        if (stalled || forgotten.has(target)) held++;
        else client.write(data);
      })
      .on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get held() {
      return held;
    },
    stall() {
      stalled = true;
    },
    forget() {
      for (const socket of sockets) forgotten.add(socket);
    },
    resume() {
      stalled = false;
      cut();
    },
    async close() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}
