// No request costs more than its size allows, whatever its bytes. Measured in a process of its own, which does nothing else.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type CostServer, startCostServer } from "../support/cost.ts";
import { HOSTILE_BOOKS, HOSTILE_ORDERS } from "../support/hostile-bodies.ts";

type Request = { readonly method: string; readonly path: string; readonly body?: string };

const MAX_CPU_MS = 100;
const QUERY_BYTES = 12_000;

describe("the cost of a REST request", () => {
  let server: CostServer;
  before(async () => {
    server = await startCostServer();
  });
  after(() => server.close());

  async function send({ method, path, body }: Request): Promise<number> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(server.url + path, { method, body, headers });
    const text = await response.text();
    if (response.status !== 200) assert.ok(text.length < 8192, `an answer of ${text.length} characters`);
    return response.status;
  }

  async function cost(request: Request): Promise<{ cpuMs: number; status: number }> {
    let status = 0;
    const cpuMs = await server.cpuMsOf(async () => {
      status = await send(request);
    });
    return { cpuMs, status };
  }

  async function isCheap(request: Request, statuses: readonly number[]): Promise<void> {
    const { cpuMs, status } = await cost(request);
    assert.ok(statuses.includes(status), `status ${status}`);
    assert.ok(cpuMs < MAX_CPU_MS, `${cpuMs} ms`);
  }

  for (const [name, body] of Object.entries(HOSTILE_ORDERS)) {
    it(`is small for an order of ${name}`, () =>
      isCheap({ method: "POST", path: "/api/orders", body: body(32_768) }, [400]));
  }
  for (const [name, body] of Object.entries(HOSTILE_BOOKS)) {
    it(`is small for a book of ${name}`, () =>
      isCheap({ method: "PUT", path: "/v1/books/1", body: body(65_536) }, [200, 400]));
  }

  const queries: Record<string, string> = {
    "unknown parameters": Array.from({ length: 2000 }, (_, i) => `${i}`).join("&"),
    "the same parameter": "page=1&".repeat(1500),
    "a repeated parameter": "filter.years=1&".repeat(800),
    "a nested parameter": `filter${".and".repeat(QUERY_BYTES / 4)}.isbn=1`,
    "a long name": "x".repeat(QUERY_BYTES),
    "a long number": `page=${"9".repeat(QUERY_BYTES)}`,
  };
  for (const [name, query] of Object.entries(queries)) {
    it(`is small for a query of ${name}`, () => isCheap({ method: "GET", path: `/v1/book?${query}` }, [200, 400]));
  }

  it("is small for a body that is too large", async () => {
    let status: number | undefined;
    const cpuMs = await server.cpuMsOf(async () => {
      status = await sendTooMuch(`${server.url}/api/orders`);
    });
    assert.equal(status, 413);
    assert.ok(cpuMs < MAX_CPU_MS, `${cpuMs} ms`);
  });
});

/** Sends as much as the server takes, but not before its answer is there: a connection that it ends might take that with it. */
async function sendTooMuch(url: string): Promise<number | undefined> {
  const piece = " ".repeat(64_000);
  const headers = { "content-type": "application/json", "content-length": 40_000_000 };
  const sending = request(url, { method: "POST", headers, agent: false });
  sending.on("error", () => {});
  const closed = new Promise((resolve) => sending.once("close", resolve));
  sending.write(piece);
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  response.on("error", () => {}).resume();
  const pump = () => {
    while (!sending.destroyed && sending.write(piece));
  };
  sending.on("drain", pump);
  pump();
  await closed;
  return response.statusCode;
}
