import { setTimeout as delay } from "node:timers/promises";
import { type Answer, ask, MIX } from "./requests.ts";

export type Load = {
  readonly gateway: string;
  readonly seconds: number;
  /** Requests a second, whatever becomes of them. */
  readonly rate: number;
  /** Told after each request and each answer how many there are, and how many will be sent in all. */
  readonly onProgress?: (sent: number, answers: readonly Answer[], total: number) => void;
};

/** Sends the mix of requests at its rate, and waits for all answers. */
export async function runLoad({ gateway, seconds, rate, onProgress = () => {} }: Load): Promise<readonly Answer[]> {
  const total = Math.round(seconds * rate);
  const answers: Answer[] = [];
  const begun = performance.now();
  const asked: Promise<void>[] = [];
  for (let sent = 0; sent < total; sent++) {
    const waitMs = (sent * 1000) / rate - (performance.now() - begun);
    if (waitMs > 0) await delay(waitMs);
    const one = ask(gateway, MIX[sent % MIX.length]!).then((answer) => {
      answers.push(answer);
      onProgress(asked.length, answers, total);
    });
    asked.push(one);
    onProgress(asked.length, answers, total);
  }
  await Promise.all(asked);
  return answers;
}

/** Asks again for the orders that were answered by nobody knows what, each by its key, until all are settled or the time is over. */
export async function settle(gateway: string, orders: readonly Answer[], withinMs: number): Promise<readonly Answer[]> {
  const until = performance.now() + withinMs;
  const settled: Answer[] = [];
  for (let open = orders; open.length > 0 && performance.now() < until; await delay(200)) {
    const answers = await Promise.all(open.map((order) => ask(gateway, order.kind, order)));
    settled.push(...answers.filter(isSettled));
    open = answers.filter((answer) => !isSettled(answer));
  }
  return settled;
}

/** Whether an order has come to an end: paid, declined or refused. */
export const isSettled = ({ status, kind }: Answer): boolean => status === kind.status;
