// Far more calls than a server has room for, by a client that does nothing wrong.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { create, toBinary } from "@bufbuild/protobuf";
import { GrpcSender } from "../../bench/load/steady/grpc-sender.ts";
import { UnaryRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { framed } from "../support/raw-h2.ts";

const CALLS = 20_000;

describe("a flood of calls", () => {
  let server: ChildProcess;
  afterEach(async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  });

  it("is answered or refused, and ends neither the server nor a connection", async () => {
    server = spawn(process.execPath, ["test/support/small-server.ts"], { stdio: ["ignore", "pipe", "inherit"] });
    const died = once(server, "exit").then(([code, signal]) => assert.fail(`the server ended: ${code ?? signal}`));
    const [line] = await Promise.race([once(server.stdout!, "data"), died]);
    const port = Number(String(line));
    const message = create(UnaryRequestSchema, { payload: { n: 1, text: "x" } });
    const frame = framed(toBinary(UnaryRequestSchema, message)).toString("base64");
    const sender = await GrpcSender.open(port, { path: "/probe.v1.ProbeService/Unary", frame, streams: 1000 });
    const outcomes: Record<string, number> = {};
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = CALLS;
    for (let i = 0; i < CALLS; i++) {
      sender.send((outcome) => {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (--left === 0) resolve();
      });
    }
    sender.flush();
    await Promise.race([promise, died]);
    sender.close();
    const { good = 0, refused = 0, reset = 0, ...others } = outcomes;
    assert.deepEqual(others, {});
    assert.equal(good + refused + reset, CALLS);
    assert.ok(good > 0, JSON.stringify(outcomes));
  });
});
