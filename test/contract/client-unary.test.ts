import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { PayloadSchema, UnaryRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { failureOf } from "../support/outcomes.ts";
import { describeClient } from "../support/probe-client.ts";

describeClient("the client's unary calls", (fixture) => {
  it("answer with a whole message, whose bytes are no Buffer", async () => {
    const { payload, $typeName } = await fixture.client.unary({ payload: { n: 41, blob: new Uint8Array([1, 2]) } });
    assert.equal($typeName, "probe.v1.UnaryResponse");
    assert.deepEqual(payload, create(PayloadSchema, { n: 42, blob: new Uint8Array([1, 2]) }));
    assert.ok(!Buffer.isBuffer(payload?.blob));
  });

  it("take a message that is whole already", async () => {
    const { payload } = await fixture.client.unary(create(UnaryRequestSchema, { payload: { n: 1 } }));
    assert.equal(payload?.n, 2);
  });

  it("carry headers and trailers, text and binary", async () => {
    let header = new Headers();
    let trailer = new Headers();
    await fixture.client.unary(
      { payload: { text: "metadata" } },
      {
        headers: { "X-In": "v", "x-in-bin": Buffer.from([0, 255, 7]).toString("base64") },
        onHeader: (received) => {
          header = received;
        },
        onTrailer: (received) => {
          trailer = received;
        },
      },
    );
    assert.ok(header instanceof Headers && trailer instanceof Headers);
    assert.equal(header.get("x-out"), `${fixture.xIn}!`);
    assert.equal(header.get("X-Many"), "a, b");
    assert.deepEqual(Buffer.from(header.get("x-out-bin") ?? "", "base64"), Buffer.from([0, 255, 7]));
    assert.match(header.get("content-type") ?? "", /^application\/grpc/);
    assert.equal(header.has("x-none"), false);
    assert.equal(new Headers(header).get("x-out"), `${fixture.xIn}!`);
    assert.equal(trailer.get("x-trail"), "t");
    assert.deepEqual(Buffer.from(trailer.get("x-trail-bin") ?? "", "base64"), Buffer.from([9, 8, 255]));
    assert.deepEqual([...trailer.keys()].filter((name) => name.startsWith("x-")).sort(), ["x-trail", "x-trail-bin"]);
  });

  it("take headers in every form of HeadersInit", async () => {
    const forms = [new Headers({ "x-in": "v" }), [["x-in", "v"] as [string, string]], { "x-in": "v" }];
    for (const headers of forms) {
      const { payload } = await fixture.client.unary({ payload: { text: "metadata" } }, { headers });
      assert.equal(payload?.text, fixture.xIn);
    }
  });

  it("send no headers that belong to the protocol or to the connection", async () => {
    const headers = { "grpc-timeout": "1n", "content-type": "text/plain", te: "x", upgrade: "h2c", "connect-x": "y" };
    const { payload } = await fixture.client.unary({ payload: { n: 1 } }, { headers });
    assert.equal(payload?.n, 2);
  });

  it("give an error's code, message, metadata and details", async () => {
    const failure = await failureOf(fixture.client.unary({ payload: { text: "error" } }));
    assert.equal(failure.code, Code.NotFound);
    assert.equal(failure.rawMessage, "näh: 100%\nline");
    assert.equal(failure.metadata.get("x-meta"), "m");
    assert.equal(failure.metadata.get("x-meta-bin"), "AAEC");
    assert.deepEqual(failure.findDetails(PayloadSchema), [create(PayloadSchema, { text: "detail" })]);
    assert.equal(failure.isWireError, true);
  });

  it("reject a header that HTTP cannot carry", async () => {
    await assert.rejects(fixture.client.unary({}, { headers: { "x-ü": "1" } }), Error);
    const failure = await failureOf(fixture.client.unary({}, { headers: { "x-latin": "\u00fc" } }));
    assert.equal(failure.code, Code.Internal);
  });

  it("reject a message that cannot be serialized as INTERNAL", async () => {
    const failure = await failureOf(fixture.client.unary({ payload: { n: 1.5 } }));
    assert.equal(failure.code, Code.Internal);
  });

  it("receive 4 MB and no more by default", async () => {
    const { payload } = await fixture.client.unary({ payload: { text: "big", n: 4 * 2 ** 20 - 100 } });
    assert.equal(payload?.blob.length, 4 * 2 ** 20 - 100);
    const failure = await failureOf(fixture.client.unary({ payload: { text: "big", n: 4 * 2 ** 20 } }));
    assert.equal(failure.code, Code.ResourceExhausted);
  });

  it("send and receive 5 MB where the channel allows it", async () => {
    const client = fixture.connect({ channelOptions: { "grpc.max_receive_message_length": 8 << 20 } });
    const { payload } = await client.unary({ payload: { n: 1, blob: new Uint8Array(5_000_000) } });
    assert.equal(payload?.blob.length, 5_000_000);
  });
});
