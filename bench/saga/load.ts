// Orders over HTTP/1.1: as fast as they are answered (closed loop), or at a rate of their own (open loop).
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout } from "node:timers/promises";

const USERS = 1000;
const ITEMS = [
  { product_id: 1, quantity: 2, price: 29.99 },
  { product_id: 2, quantity: 1, price: 49.99 },
];

export type Answer = { readonly status: number; readonly text: string };

export type Load = {
  /** Sends one request over a kept connection. */
  call(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
  /** Reads a resource. Rejects unless it is there; resolves to its JSON. */
  read(path: string): Promise<unknown>;
  /** Places an order of a user (default: a random one) with a new key. Rejects unless it is created. Resolves to the order's id. */
  order(user?: number): Promise<string>;
  close(): void;
};

export function startLoad(url: string, connections: number): Load {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  function call(method: string, path: string, body?: object, headers = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const content = body && JSON.stringify(body);
    const type = content === undefined ? {} : { "content-type": "application/json" };
    const sent = request({ agent, hostname, port, method, path, headers: { ...type, ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode!, text }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(content);
    return promise;
  }

  async function read(path: string): Promise<unknown> {
    const { status, text } = await call("GET", path);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(text);
  }

  async function order(user = 1 + Math.floor(Math.random() * USERS)): Promise<string> {
    const body = { user_id: user, items: ITEMS };
    const { status, text } = await call("POST", "/api/orders", body, { "idempotency-key": randomUUID() });
    const answer = status === 200 ? (JSON.parse(text) as Record<string, unknown>) : {};
    const total = answer.total as { minor_units?: string } | undefined;
    if (answer.status !== "created" || total?.minor_units !== "10997") throw new Error(`${status}: ${text}`);
    return answer.order_id as string;
  }

  return { call, read, order, close: () => agent.destroy() };
}

/** How long each call took that was answered well, in milliseconds, and what the others failed with. */
export type Outcome = {
  readonly seconds: number;
  readonly latencies: readonly number[];
  readonly faults: readonly string[];
};

/** Repeats a call, `concurrency` at a time, for so long. */
export async function closedLoop(call: () => Promise<unknown>, concurrency: number, ms: number): Promise<Outcome> {
  const startedAt = performance.now();
  const latencies: number[] = [];
  const faults: string[] = [];
  const worker = async () => {
    for (let now = performance.now(); now - startedAt < ms; ) {
      const fault = await faultOf(call());
      const after = performance.now();
      if (fault === undefined) latencies.push(after - now);
      else faults.push(fault);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { seconds: (performance.now() - startedAt) / 1000, latencies, faults };
}

/** Begins a call at random moments, so many a second on average, whatever the others do. Each one's time counts from its moment. */
export async function openLoop(call: () => Promise<unknown>, perSecond: number, ms: number): Promise<Outcome> {
  const startedAt = performance.now();
  const latencies: number[] = [];
  const faults: string[] = [];
  const calls: Promise<void>[] = [];
  const measure = async (due: number) => {
    const fault = await faultOf(call());
    if (fault === undefined) latencies.push(performance.now() - due);
    else faults.push(fault);
  };
  for (let due = startedAt; due - startedAt < ms; due += (-Math.log(1 - Math.random()) * 1000) / perSecond) {
    const early = due - performance.now();
    if (early > 1) await setTimeout(early);
    calls.push(measure(due));
  }
  await Promise.all(calls);
  return { seconds: (performance.now() - startedAt) / 1000, latencies, faults };
}

const faultOf = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: Error) => error.message,
  );

/** The value below which so large a share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
