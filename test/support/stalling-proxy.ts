import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A TCP proxy whose answers can be held back, when what a client asks takes effect, but the client never hears of it, and with other faults. */
export type StallingProxy = {
  readonly port: number;
  /** How many pieces of answers were held back. */
  readonly held: number;
  /** From now on connections carry requests but no answers. */
  stall(): void;
  /** From now on everything takes so many milliseconds longer each way; 0: no longer. Nothing is lost. */
  slow(latencyMs: number): void;
  /** From now on nothing passes on the connections that there are, which stay open; new ones work. */
  forget(): void;
  /** Cuts all connections; new ones go to this port. */
  redirect(targetPort: number): void;
  /** Cuts all connections; new ones work. */
  cut(): void;
  /** Cuts the stalled connections; new ones work. */
  resume(): void;
  close(): Promise<void>;
};

export async function startStallingProxy(firstPort: number): Promise<StallingProxy> {
  let targetPort = firstPort;
  const sockets = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  let stalled = false;
  let latencyMs = 0;
  let held = 0;
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    const toTarget = inOrder(target);
    const toClient = inOrder(client);
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client
      .on("data", (data) => {
        if (!forgotten.has(client)) toTarget(data, latencyMs);
      })
      .on("close", () => target.destroy());
    target
      .on("data", (data) => {
        if (stalled || forgotten.has(target)) held++;
        else toClient(data, latencyMs);
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
    slow(ms) {
      latencyMs = ms;
    },
    cut,
    redirect(port) {
      targetPort = port;
      cut();
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

/** Writes to the socket each piece when its time has come, and none before those that came earlier. */
function inOrder(to: Socket): (data: string | Buffer, latencyMs: number) => void {
  let waiting = 0;
  let last = Promise.resolve();
  return (data, latencyMs) => {
    if (latencyMs === 0 && waiting === 0) {
      to.write(data);
      return;
    }
    waiting++;
    const due = performance.now() + latencyMs;
    last = last.then(async () => {
      await delay(Math.max(due - performance.now(), 0));
      waiting--;
      if (!to.destroyed) to.write(data);
    });
  };
}
