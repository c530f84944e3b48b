// A connection to Redis that comes and goes without anybody waiting for it.
import { createClient } from "redis";

const CONNECT_TIMEOUT_MS = 2000;
const MAX_RECONNECT_DELAY_MS = 1000;
/** Pings make sure that a live connection has some traffic; */
const PING_INTERVAL_MS = 5000;
/** one without any for this long is dead, although nobody closed it. */
const SOCKET_TIMEOUT_MS = 12_000;
/** After a timeout, calls do not even try for this long: a Redis that hangs must not slow down every request. */
const PAUSE_MS = 1000;
/** Largest number of commands that wait for their replies. */
const MAX_PENDING = 10_000;

/** A client that connects in the background and reconnects. Commands are refused at once while it is not connected. */
export function openRedis(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_PENDING,
    pingInterval: PING_INTERVAL_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, MAX_RECONNECT_DELAY_MS),
    },
  });
  let pausedUntil = 0;
  client.on("ready", () => {
    pausedUntil = 0;
  });
  // Rejects only if it is closed before it was ever connected. Failures to connect are "error" events.
  client.connect().catch(() => {});
  return {
    client,
    /** Nobody should wait for it now: it has not answered in time. */
    pause(): void {
      pausedUntil = performance.now() + PAUSE_MS;
    },
    isPaused: (): boolean => performance.now() < pausedUntil,
    async close(): Promise<void> {
      // destroy() misses a socket that is still connecting.
      client.once("connect", () => client.destroy());
      client.destroy();
    },
  };
}

export class RedisTimeout extends Error {
  override name = "RedisTimeout";
}

/** Bounds the wait for the reply; the driver's own timeout covers only the sending of the command. */
export async function inTime<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new RedisTimeout(`no reply within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([reply, promise]);
  } finally {
    clearTimeout(timer);
  }
}
