// Response streams over REST: server-sent events.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { serverHooks } from "../../src/rpc/hooks/hooked.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { INTERCEPTIONS } from "../support/probe-server.ts";
import { callHttp2, type RestServer, startRest } from "../support/rest.ts";

const ORDER = randomUUID();
const EVENTS = `data: {"order_id":"${ORDER}","status":"pending"}\n\ndata: {"order_id":"${ORDER}","status":"created"}\n\n`;
const END = "event: end\nid: end\nretry: 500\ndata: {}\n\n";
/** More than a connection holds of what its client does not take. */
const LARGE = "x".repeat(1 << 20);

for (const [how, interceptors] of INTERCEPTIONS) {
  describe(`a response stream over REST ${how}`, () => {
    const seen = { yielded: 0, finished: 0, aborted: 0, ends: [] as (Code | undefined)[] };
    const outcome = serverHooks({ end: (_, { error }) => void seen.ends.push(error?.code) });
    let server: RestServer;
    /** Gives calls little time. */
    let hasty: RestServer;
    /** What the handler does after its two messages. */
    let then: (context: HandlerContext) => Promise<void> = async () => {};
    let status = (n: number): string => (n === 0 ? "pending" : "created");
    let count = 2;

    const shop = service(ShopService, {
      async *watchOrder({ orderId }, context) {
        context.responseHeader.set("x-watched", orderId);
        context.signal.addEventListener("abort", () => seen.aborted++);
        try {
          if (orderId !== ORDER) throw new ConnectError("there is no order", Code.NotFound);
          for (let n = 0; n < count; n++) {
            seen.yielded++;
            yield { order: { orderId, status: status(n) } };
          }
          await then(context);
        } finally {
          seen.finished++;
        }
      },
    });
    const watch = (id = ORDER, headers: Record<string, string> = {}) =>
      server.call("GET", `/api/watch/orders/${id}`, undefined, headers);

    before(async () => {
      const options = { services: [shop], interceptors: [outcome, ...interceptors] };
      server = await startRest(options);
      hasty = await startRest({ ...options, defaultTimeoutMs: 50 });
    });
    after(() => Promise.all([server.close(), hasty.close()]));
    beforeEach(() => {
      Object.assign(seen, { yielded: 0, finished: 0, aborted: 0, ends: [] });
      then = async () => {};
      status = (n) => (n === 0 ? "pending" : "created");
      count = 2;
    });

    it("is an event for each message, and one for the end", async () => {
      const answer = await watch();
      assert.deepEqual([answer.status, answer.body], [200, EVENTS + END]);
      const header = (name: string) => answer.headers.get(name);
      assert.deepEqual([header("content-type"), header("cache-control")], ["text/event-stream", "no-store"]);
      assert.equal(header("x-watched"), ORDER);
      assert.deepEqual(seen.ends, [undefined]);
    });

    it("is the same over HTTP/2", async () => {
      const { headers, body } = await callHttp2(server.url, { ":path": `/api/watch/orders/${ORDER}` });
      assert.deepEqual([headers[":status"], headers["content-type"], body], [200, "text/event-stream", EVENTS + END]);
    });

    it("may be empty", async () => {
      count = 0;
      const answer = await watch();
      assert.deepEqual([answer.status, answer.body], [200, END]);
    });

    it("that fails before its first message is an error as of any call", async () => {
      const answer = await watch(randomUUID());
      assert.deepEqual(
        [answer.status, answer.body],
        [404, { code: Code.NotFound, message: "there is no order", details: [] }],
      );
      assert.deepEqual(seen.ends, [Code.NotFound]);
    });

    it("that fails later says so by an event", async () => {
      then = () => Promise.reject(new ConnectError("gone", Code.Unavailable));
      const answer = await watch();
      const error = `event: error\ndata: {"code":14,"message":"gone","details":[]}\n\n`;
      assert.deepEqual([answer.status, answer.body], [200, EVENTS + error]);
      assert.deepEqual(seen.ends, [Code.Unavailable]);
    });

    it("that fails for no reason that a client may see says no more", async () => {
      then = () => Promise.reject(new Error("secret"));
      const { body } = await watch();
      assert.match(String(body), /event: error\ndata: {"code":13,"message":"internal error","details":\[\]}\n\n$/);
    });

    it("ends at the client's deadline", async () => {
      then = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const { body } = await watch(ORDER, { "grpc-timeout": "100m" });
      assert.match(String(body), /event: error\ndata: {"code":4,"message":"the operation timed out"/);
      assert.deepEqual(seen.ends, [Code.DeadlineExceeded]);
    });

    it("ends its handler when the client leaves", async () => {
      then = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const leaving = new AbortController();
      const response = await fetch(`${server.url}/api/watch/orders/${ORDER}`, { signal: leaving.signal });
      await eventually(() => assert.equal(seen.yielded, 2));
      leaving.abort();
      await assert.rejects(response.text());
      await eventually(() => assert.deepEqual([seen.finished, seen.aborted, seen.ends], [1, 1, [Code.Canceled]]));
    });

    it("goes no faster than its client", async () => {
      count = 1000;
      status = () => LARGE;
      const request = httpRequest(`${server.url}/api/watch/orders/${ORDER}`).end();
      request.on("response", (response) => response.pause());
      await eventually(() => assert.ok(seen.yielded > 0));
      let before = -1;
      await eventually(async () => {
        const { yielded } = seen;
        const isStill = yielded === before;
        before = yielded;
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.ok(isStill);
      });
      assert.ok(seen.yielded < 100, `${seen.yielded} messages`);
      request.destroy();
      await eventually(() => assert.equal(seen.finished, 1));
    });

    it("is told to HEAD by the head that GET would get, and is open for no longer", async () => {
      then = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const head = await server.call("HEAD", `/api/watch/orders/${ORDER}`);
      const header = (name: string) => head.headers.get(name);
      assert.deepEqual([head.status, header("content-type"), header("x-watched")], [200, "text/event-stream", ORDER]);
      await eventually(() => assert.deepEqual([seen.yielded, seen.finished, seen.aborted], [1, 1, 1]));
      assert.deepEqual(seen.ends, [undefined]);

      const none = await server.call("HEAD", `/api/watch/orders/${randomUUID()}`);
      assert.deepEqual([none.status, none.headers.get("content-type")], [404, "application/json"]);
      assert.deepEqual(seen.ends, [undefined, Code.NotFound]);
    });

    it("is told to HEAD over HTTP/2 as well", async () => {
      const headTo = (id: string) => callHttp2(server.url, { ":method": "HEAD", ":path": `/api/watch/orders/${id}` });
      const { headers, body } = await headTo(ORDER);
      assert.deepEqual([headers[":status"], headers["content-type"], body], [200, "text/event-stream", ""]);
      const none = await headTo(randomUUID());
      assert.deepEqual([none.headers[":status"], none.body], [404, ""]);
      await eventually(() => assert.equal(seen.finished, 2));
    });

    it("keeps HEAD waiting no longer than any call", async () => {
      count = 0;
      then = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const head = await hasty.call("HEAD", `/api/watch/orders/${ORDER}`);
      assert.equal(head.status, 504);
      assert.deepEqual(seen.ends, [Code.DeadlineExceeded]);
    });

    it("is no call for a client that has heard its end", async () => {
      const again = await watch(ORDER, { "last-event-id": "end" });
      assert.deepEqual([again.status, again.body, seen.yielded], [204, "", 0]);
    });

    it("is heard by an EventSource, which comes once more and then no more", async () => {
      const script = `
        const source = new EventSource(process.argv[1]);
        source.onmessage = ({ data }) => console.log("message", JSON.parse(data).status);
        source.addEventListener("end", () => console.log("end"));
      `;
      const args = [
        "--experimental-eventsource",
        "--no-warnings",
        "-e",
        script,
        `${server.url}/api/watch/orders/${ORDER}`,
      ];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      // It would not end as long as it came back.
      assert.equal(await text(child.stdout), "message pending\nmessage created\nend\n");
      assert.equal(seen.finished, 1);
    }).timeout(20_000);
  });
}
