// Makes requests at a rate, in a process of its own, whatever becomes of those before. It gets its order as JSON on standard input, and
// prints what it found as JSON.
import { json } from "node:stream/consumers";
import { type GrpcRequest, GrpcSender } from "./grpc-sender.ts";
import { Http1Sender, type RestRequest } from "./http1-sender.ts";
import type { Sender } from "./sender.ts";
import { type Found, Tally } from "./tally.ts";

export type Kind = (GrpcRequest | RestRequest) & {
  /** Per second. */
  readonly rate: number;
};

export type Order = {
  readonly port: number;
  readonly seconds: number;
  readonly kinds: Readonly<Record<string, Kind>>;
};

export type Report = Readonly<Record<string, Found>>;

const { port, seconds, kinds } = (await json(process.stdin)) as Order;
const senders = await Promise.all(
  Object.entries(kinds).map(async ([name, kind]) => {
    const sender = "path" in kind ? await GrpcSender.open(port, kind) : await Http1Sender.open(port, kind);
    return { name, sender, rate: kind.rate };
  }),
);
const begunAt = performance.now();
const found = senders.map(async ({ name, sender, rate }) => [name, await run(sender, rate)] as const);
process.stdout.write(JSON.stringify(Object.fromEntries(await Promise.all(found))));

/** Sends at even distances, in bursts only as far as the clock is coarse. Resolves when all are answered. */
async function run(sender: Sender, rate: number): Promise<Found> {
  const tally = new Tally(begunAt, seconds);
  const total = Math.round(rate * seconds);
  let sent = 0;
  let answered = 0;
  await new Promise<void>((resolve) => {
    const tick = () => {
      const now = performance.now();
      for (; sent < total && begunAt + (1000 * sent) / rate <= now; sent++) {
        const due = begunAt + (1000 * sent) / rate;
        sender.send((outcome) => {
          tally.add(outcome, due);
          if (++answered === total) resolve();
        });
      }
      sender.flush();
      if (sent < total) setTimeout(tick, 1);
    };
    if (total === 0) resolve();
    else tick();
  });
  sender.close();
  return tally.found();
}
