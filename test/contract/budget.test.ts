// What a server holds for all its clients together.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Code } from "@connectrpc/connect";
import { Budget, type Holder, type Wait } from "../../src/rpc/server/budget.ts";
import { eventually } from "../support/eventually.ts";
import {
  data,
  FLAG,
  grpcFields,
  headers,
  message,
  type RawConnection,
  rawConnect,
  SETTING,
  TYPE,
} from "../support/h2-frames.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const UNARY = grpcFields("/probe.v1.ProbeService/Unary");
const BIDI = grpcFields("/probe.v1.ProbeService/BidiStream");

describe("the budget of a server", () => {
  let server: ProbeServer;
  const connections: RawConnection[] = [];
  const start = async (maxHeldBytes: number) => {
    server = await startProbeServer({ limits: { maxHeldBytes } });
  };
  const raw = async (own?: Parameters<typeof rawConnect>[1]) => {
    const connection = await rawConnect(server.port, own);
    connections.push(connection);
    return connection;
  };
  afterEach(async () => {
    for (const { socket } of connections.splice(0)) socket.destroy();
    await server.close();
  });

  /** A good call on a connection of its own. */
  async function goodCall(): Promise<number | undefined> {
    const session = await connectH2(server.port);
    const stream = open(session, "Unary");
    stream.end(framed(Buffer.alloc(0)));
    const { status } = await answerOf(stream);
    session.destroy();
    return status;
  }
  const ended = ({ frames }: RawConnection) =>
    new Set(frames.filter(({ type }) => type === TYPE.headers || type === TYPE.reset).map(({ streamId }) => streamId));

  it("lets those go that have waited longest for their client", async () => {
    await start(1 << 20);
    const attacker = await raw();
    for (let i = 0; i < 100; i++) {
      await attacker.send(headers(2 * i + 1, UNARY), data(2 * i + 1, message(Buffer.alloc(16_000), 0, 32_000)));
    }
    await eventually(() => assert.ok(ended(attacker).has(1)));
    assert.equal(await goodCall(), 0);
    assert.equal(ended(attacker).has(199), false);
  });

  it("counts what each open call costs, though nothing comes", async () => {
    await start(1 << 20);
    const attacker = await raw();
    for (let i = 0; i < 200; i++) await attacker.send(headers(2 * i + 1, i % 2 === 0 ? UNARY : BIDI));
    await eventually(() => assert.ok(ended(attacker).size >= 100));
    assert.equal(await goodCall(), 0);
  });

  it("counts headers, and answers that nobody takes", async () => {
    await start(1 << 20);
    const long = await raw();
    for (let i = 0; i < 100; i++) await long.send(headers(2 * i + 1, { ...UNARY, "x-long": "x".repeat(15_000) }));
    await eventually(() => assert.ok(ended(long).size >= 50));
    const deaf = await raw([[SETTING.initialWindowSize, 0]]);
    const callUpTo = async (count: number) => {
      for (; calls < count; calls++) {
        await deaf.send(headers(2 * calls + 1, UNARY), data(2 * calls + 1, message(Buffer.alloc(0)), FLAG.endStream));
      }
    };
    let calls = 0;
    await callUpTo(50);
    assert.equal(await goodCall(), 0); // by now the answers could have been taken
    await callUpTo(100);
    await eventually(() => assert.ok(deaf.frames.filter(({ type }) => type === TYPE.reset).length >= 30));
    assert.equal(await goodCall(), 0);
  });

  it("refuses newcomers at once when all that it holds is at work", async () => {
    await start(1 << 20);
    const session = await connectH2(server.port);
    const wait = Buffer.from("\n\x06\x12\x04wait", "latin1");
    const streams = Array.from({ length: 100 }, () => open(session, "Unary").end(framed(wait)));
    const answers = streams.map(answerOf);
    await eventually(async () => {
      answers.push(answerOf(open(session, "Unary").end(framed(wait)))); // until the last gap is filled
      assert.equal(await goodCall(), Code.ResourceExhausted);
    });
    const plain = await fetch(`${server.baseUrl}/probe.v1.ProbeService/Unary`, { method: "POST" });
    assert.deepEqual([plain.status, plain.headers.get("retry-after")], [503, "1"]);
    session.destroy();
    await Promise.all(answers);
    await eventually(async () => assert.equal(await goodCall(), 0));
  });

  it("holds nothing when all is over", async () => {
    await start(1 << 20);
    for (let round = 0; round < 5; round++) {
      const attacker = await raw();
      for (let i = 0; i < 60; i++) {
        const body = i % 3 === 0 ? message(Buffer.alloc(3000), 0, 9000) : Buffer.from([0, 0]);
        const fields = i % 2 === 0 ? UNARY : { ...UNARY, "content-type": "application/proto" };
        await attacker.send(headers(2 * i + 1, fields), data(2 * i + 1, body));
      }
      attacker.socket.destroy();
    }
    const socket = await raw();
    for (let i = 0; i < 40; i++) await socket.send(headers(2 * i + 1, UNARY));
    await goodCall();
    assert.equal(ended(socket).size, 0); // there was room for all
  });
});

describe("a budget", () => {
  /** A holder of so many bytes. Newer ones have higher numbers. */
  const holders: (Holder & { evicted: boolean })[] = [];
  let looks = 0;
  let budget: Budget;
  const add = (waits: Wait, bytes: number) => {
    const holder = {
      sequence: budget.nextSequence(),
      heldBytes: 0,
      waits,
      evicted: false,
      evict() {
        holder.evicted = true;
        budget.releaseAll(holder);
      },
    };
    holders.push(holder);
    return { holder, isHeld: budget.hold(holder, bytes) };
  };
  beforeEach(() => {
    holders.length = 0;
    looks = 0;
    budget = new Budget(100, () => {
      looks++;
      return holders;
    });
  });

  it("looks once in a turn of the event loop for room that is not to be had", async () => {
    add(undefined, 100);
    for (let i = 0; i < 50; i++) assert.equal(add(undefined, 1).isHeld, false);
    assert.equal(looks, 1);
    await new Promise((resolve) => setTimeout(resolve, 5)); // another turn
    holders[0]!.evict();
    assert.equal(add(undefined, 1).isHeld, true);
  });

  it("gives newcomers the room of one that waits, though that one has just asked for more in vain", () => {
    const { holder: oldest } = add("client", 60);
    add("client", 40);
    assert.equal(budget.hold(oldest, 10), false);
    assert.equal(add("client", 10).isHeld, true);
    assert.deepEqual(
      holders.map(({ evicted }) => evicted),
      [true, false, false],
    );
  });
});
