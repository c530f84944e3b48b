import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { join } from "node:path";
import type { Count } from "../support/counting-server.ts";
import { eventually } from "../support/eventually.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const CANCEL = 8;
/** A garbage collection and the end of a connection may take their time on a busy machine. */
const PATIENT = { timeoutMs: 20_000 };

/** What misbehaving clients do to a call, to its very end. */
const ABUSES: readonly (readonly [string, (session: ClientHttp2Session) => Promise<unknown>])[] = [
  ["answered calls", (s) => answerOf(open(s, "Unary").end(EMPTY))],
  ["answered calls whose deadline is far off", (s) => answerOf(open(s, "Unary", { "grpc-timeout": "1H" }).end(EMPTY))],
  [
    "failed calls whose request never ends",
    (s) => {
      const stream = open(s, "Unary");
      stream.write(Buffer.from([0, 0xff, 0, 0, 0]));
      return answerOf(stream);
    },
  ],
  ["calls that are reset before their message is in", (s) => resetSoon(s, "Unary", Buffer.from([0, 0]))],
  [
    "calls that end at their deadline",
    (s) => {
      const stream = open(s, "Unary", { "grpc-timeout": "20m" });
      stream.write(Buffer.from([0, 0]));
      stream.on("response", () => stream.end());
      return answerOf(stream);
    },
  ],
  ["streams that are reset while they wait for their client", (s) => resetSoon(s, "BidiStream", EMPTY)],
  ["request streams that are reset", (s) => resetSoon(s, "ClientStream", EMPTY)],
];

describe("server: memory", function () {
  this.timeout(30_000);
  let server: ChildProcess;
  let port: number;
  before(async () => {
    server = fork(join(import.meta.dirname, "../support/counting-server.ts"));
    [{ port }] = (await once(server, "message")) as [{ port: number }];
  });
  after(async () => {
    server.disconnect();
    await once(server, "exit");
  });

  async function count(): Promise<Count> {
    const answered = once(server, "message");
    server.send("count");
    return (await answered)[0] as Count;
  }

  for (const [name, abuse] of ABUSES) {
    it(`keeps nothing of ${name}`, async () => {
      const session = await connectH2(port);
      await Promise.all(Array.from({ length: 200 }, () => abuse(session)));
      await eventually(async () => assert.equal((await count()).calls, 0), PATIENT);
      assert.equal(session.destroyed, false);
      session.destroy();
    });
  }

  it("keeps nothing of connections that are cut, and their handlers end", async () => {
    const before = await count();
    const session = await connectH2(port);
    const streams = Array.from({ length: 100 }, () => open(session, "BidiStream"));
    for (const stream of streams) stream.write(EMPTY);
    await Promise.all(streams.map((stream) => once(stream, "data")));
    assert.equal((await count()).calls, 100);
    session.destroy();
    await eventually(async () => {
      assert.deepEqual(await count(), { calls: 0, finished: before.finished + 100 });
    }, PATIENT);
  });
});

function resetSoon(session: ClientHttp2Session, method: string, body: Buffer): Promise<unknown> {
  const stream: ClientHttp2Stream = open(session, method);
  stream.write(body);
  setTimeout(() => stream.close(CANCEL), 2);
  return answerOf(stream);
}
