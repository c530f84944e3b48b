// A gate and calls that end before their turn, at every step: none may keep a place.
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { createAdmission } from "../../src/rpc/server/admission/admission.ts";
import { ConcurrencyLimit } from "../../src/rpc/server/admission/concurrency-limit.ts";
import { Gate } from "../../src/rpc/server/admission/gate.ts";
import { LoopTurn } from "../../src/rpc/server/admission/loop-turn.ts";
import { Pressure } from "../../src/rpc/server/admission/pressure.ts";
import { eventually } from "../support/eventually.ts";
import { ProbeService } from "../support/probe.ts";
import { startProbeServer } from "../support/probe-server.ts";

const LIMIT = 2;

function createGate() {
  const limit = new ConcurrencyLimit({ initial: LIMIT, least: LIMIT, most: LIMIT });
  return new Gate(limit, "default", { pressure: new Pressure(), turn: new LoopTurn() });
}

class Call {
  state: "waiting" | "admitted" | "refused" = "waiting";
  gone = false;
  isGone = () => this.gone;
  admit = () => {
    this.state = "admitted";
  };
  refuse = () => {
    this.state = "refused";
  };
}

describe("a gate", () => {
  it("gives no place to a call that is gone, at once or later", async () => {
    const gate = createGate();
    const calls = Array.from({ length: 5 }, () => new Call());
    calls[0]!.gone = true;
    for (const call of calls) gate.enter(call);
    assert.deepEqual(
      calls.map(({ state }) => state),
      ["waiting", "admitted", "admitted", "waiting", "waiting"],
    );
    calls[3]!.gone = true;
    gate.leave(1);
    assert.deepEqual([calls[3]!.state, calls[4]!.state], ["waiting", "admitted"]);
    gate.leave(1);
    gate.leave(1);
    assert.equal(gate.limit.inFlight, 0);
  });

  it("goes on when a call ends as soon as it is admitted, or fails to begin", () => {
    const gate = createGate();
    const first = [new Call(), new Call()];
    for (const call of first) gate.enter(call);
    const broken = new Call();
    broken.admit = () => {
      gate.leave(undefined);
      throw new Error("broken");
    };
    const quick = new Call();
    quick.admit = () => {
      quick.state = "admitted";
      gate.leave(1);
    };
    for (const call of [broken, quick, new Call()]) gate.enter(call);
    assert.throws(() => gate.leave(1), /broken/);
    gate.leave(1);
    assert.equal(quick.state, "admitted");
    assert.equal(gate.limit.inFlight, 1);
  });

  it("lets one burst after the other wait, however little there is between them", async () => {
    const gate = createGate();
    const burst = async () => {
      const calls = Array.from({ length: 100 }, () => new Call());
      for (const call of calls) gate.enter(call);
      for (const _ of calls) gate.leave(1); // each lets the next one begin
      assert.deepEqual(new Set(calls.map(({ state }) => state)), new Set(["admitted"]));
    };
    await burst();
    const since = performance.now();
    await eventually(() => assert.ok(performance.now() - since > 350, "the queue is looked at every 100 ms"));
    await burst();
  });

  it("has all its places when calls have ended in every way", async () => {
    const admission = createAdmission({ limit: LIMIT, criticalityOf: () => "default" });
    const server = await startProbeServer({ admission });
    const gate = admission.gateOf(ProbeService.method.unary)!;
    const transport = createGrpcTransport({ target: `127.0.0.1:${server.port}` });
    const client = createClient(ProbeService, transport);
    const path = "/probe.v1.ProbeService/Unary";
    const ask = (text: string, timeoutMs?: number) =>
      client.unary({ payload: { text } }, { timeoutMs }).catch(() => {});
    for (let round = 0; round < 5; round++) {
      const calls = ["error", "crash", "metadata", ""].map((text) => ask(text));
      calls.push(ask("wait", 20), ask("wait", 1));
      for (const timeout of ["0", "1", "30"]) {
        for (const type of ["application/proto", "application/json", "application/grpc-web+proto"]) {
          const headers = { "content-type": type, "connect-timeout-ms": timeout, "grpc-timeout": `${timeout}m` };
          calls.push(fetch(server.baseUrl + path, { method: "POST", headers, body: "" }).then(() => {}));
        }
      }
      const session = connect(server.baseUrl).on("error", () => {});
      for (const type of ["application/grpc", "application/grpc-web+proto", "application/proto"]) {
        const stream = session
          .request({ ":method": "POST", ":path": path, "content-type": type })
          .on("error", () => {});
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
      }
      setTimeout(() => session.destroy(), round);
      await Promise.all(calls);
    }
    await eventually(() => assert.equal(gate.limit.inFlight, 0));
    await client.unary({});
    transport.close();
    await server.close();
  });
});
