// More calls than a server may serve, on every protocol: some wait for their turn, the others are refused.
import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcWebTransport,
  createGrpcTransport as nodeGrpc,
} from "@connectrpc/connect-node";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { type Admission, createAdmission } from "../../src/rpc/server/admission/admission.ts";
import { createHealth } from "../../src/rpc/server/health.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { eventually } from "../support/eventually.ts";

type Method = "GetBook" | "UpdateBook" | "MoveFile" | "DeleteFile";
type Call = (method?: "getBook" | "deleteFile", signal?: AbortSignal) => Promise<unknown>;

const CRITICALITIES: Readonly<Partial<Record<Method, "critical" | "default" | "sheddable">>> = {
  GetBook: "default",
  DeleteFile: "sheddable",
  MoveFile: "critical",
};

describe("more calls than a server may serve", () => {
  const cleanup: (() => unknown)[] = [];
  let begun: string[];
  let release: (() => void)[];
  let refused: [string, number][];
  let bare: [string, number][];
  let baseUrl: string;

  /** Handlers end when they are released. */
  async function start(limit: number | undefined, admission?: Admission) {
    begun = [];
    release = [];
    const told: typeof refused = []; // what an earlier test was told late is not for this one
    refused = told;
    bare = [];
    const hold = (name: string) => async () => {
      begun.push(name);
      await new Promise<void>((resolve) => release.push(resolve));
      return {};
    };
    const services = [
      service(LibraryService, {
        getBook: hold("GetBook"),
        updateBook: hold("UpdateBook"),
        moveFile: hold("MoveFile"),
        deleteFile: hold("DeleteFile"),
      }),
    ];
    const by =
      admission ??
      createAdmission({
        limit,
        criticalityOf: ({ name }) => CRITICALITIES[name as Method],
        onRefused: ({ name }, count) => told.push([name, count]),
      });
    const server = createRpcServer({
      services: [...services, createHealth([LibraryService]).service],
      http: createRestHandler({ services, admission: by }),
      admission: by,
      observeBareRequest: ({ path }) => ({ traceResponse: undefined, end: (status) => bare.push([path, status]) }),
    });
    baseUrl = `http://127.0.0.1:${await server.listen()}`;
    cleanup.push(() => server.close());
  }

  afterEach(async () => {
    for (const each of cleanup.splice(0).reverse()) await each();
  });

  const over = (transport: Transport): Call => {
    const client = createClient(LibraryService, transport);
    return (method = "getBook", signal) => client[method]({}, { signal });
  };

  /** A client of ours, and clients of others. REST is one of them. */
  const CLIENTS: Record<string, () => Call> = {
    "gRPC, our client": () => {
      const transport = createGrpcTransport({ target: new URL(baseUrl).host });
      cleanup.push(() => transport.close());
      return over(transport);
    },
    "gRPC, Connect's client": () => over(nodeGrpc({ baseUrl })),
    "gRPC-Web": () => over(createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
    Connect: () => over(createConnectTransport({ baseUrl, httpVersion: "2" })),
    REST:
      () =>
      async (method = "getBook", signal) => {
        const isGet = method === "getBook";
        const path = isGet ? "/v1/book" : "/v1/files/a";
        const response = await fetch(baseUrl + path, { method: isGet ? "GET" : "DELETE", signal });
        const body = (await response.json()) as { message: string; details: object[] };
        if (response.ok) return body;
        assert.equal(response.status, 429);
        assert.deepEqual(body.details, [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retry_delay: "1s" }]);
        const metadata = { "retry-after": response.headers.get("retry-after") ?? "" };
        const detail = { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 1n } }) };
        throw new ConnectError(body.message, Code.ResourceExhausted, metadata, [detail]);
      },
  };

  const isRefusal = (error: unknown): boolean => {
    const refusal = ConnectError.from(error);
    assert.deepEqual(
      [refusal.code, refusal.rawMessage, refusal.metadata.get("retry-after")],
      [Code.ResourceExhausted, "the server is overloaded; try again later", "1"],
    );
    assert.equal(refusal.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds, 1n);
    return true;
  };

  const has = (count: number) => eventually(() => assert.equal(begun.length, count));

  for (const [name, connect] of Object.entries(CLIENTS)) {
    describe(`over ${name}`, () => {
      it("wait for their turn", async () => {
        await start(2);
        const call = connect();
        const calls = Promise.all([1, 2, 3, 4, 5].map(() => call()));
        for (const expected of [2, 3, 4, 5]) {
          await has(expected);
          release.shift()!();
        }
        for (const end of release) end();
        await calls;
      });

      it("are refused when that comes too late, and say when to come again", async () => {
        await start(1);
        const call = connect();
        const first = call();
        await has(1);
        const began = performance.now();
        await assert.rejects(call(), isRefusal);
        const took = performance.now() - began;
        assert.ok(took > 400 && took < 1500, `${took} ms`);
        release[0]!();
        await first;
        assert.deepEqual(begun, ["GetBook"]);
      });

      it("are refused at once if more important ones wait", async () => {
        await start(1);
        const call = connect();
        const calls = Promise.all([call("deleteFile"), call(), call()].map((each) => each.catch(() => {})));
        await has(2);
        // Within a tenth of a second it is known that they wait.
        await eventually(() => assert.rejects(call("deleteFile", AbortSignal.timeout(30)), isRefusal));
        assert.deepEqual(begun.toSorted(), ["DeleteFile", "GetBook"]);
        for (const end of release) end();
        await has(3);
        release[2]!();
        await calls;
      });

      it("do not begin when their caller has gone meanwhile", async () => {
        await start(1);
        const call = connect();
        const first = call();
        await has(1);
        const gone = new AbortController();
        const second = assert.rejects(call("getBook", gone.signal));
        setTimeout(() => gone.abort(), 100);
        await second;
        await assert.rejects(call(), isRefusal); // later than the turn of the one that has gone
        release[0]!();
        await first;
        await eventually(() => assert.deepEqual(refused, [["GetBook", 1]]), { timeoutMs: 3000 });
        assert.deepEqual(begun, ["GetBook"]);
      });
    });
  }

  it("do not hold up other methods, nor those that are always served", async () => {
    await start(1);
    const transport = createGrpcTransport({ target: new URL(baseUrl).host });
    cleanup.push(() => transport.close());
    const library = createClient(LibraryService, transport);
    const calls: Promise<unknown>[] = [library.getBook({}), library.getBook({})];
    await has(1);
    calls.push(library.moveFile({}), ...[1, 2, 3].map(() => library.updateBook({})));
    await has(5);
    await createClient(Health, transport).check({});
    for (const end of release) end();
    await has(6);
    release[5]!();
    await Promise.all(calls);
  });

  it("are told: each to telemetry, and how many there were once a second", async () => {
    await start(1);
    const refuse: Admission = createAdmission({
      criticalityOf: () => "sheddable",
      limit: 1,
      onRefused: ({ name }, count) => refused.push([name, count]),
    });
    await start(1, refuse);
    const transport = createGrpcTransport({ target: new URL(baseUrl).host });
    cleanup.push(() => transport.close());
    const library = createClient(LibraryService, transport);
    const first = library.getBook({});
    await has(1);
    const others = Array.from({ length: 300 }, () => assert.rejects(library.getBook({}), isRefusal));
    await Promise.all(others); // 256 wait in vain, 44 are refused at once
    assert.deepEqual(
      bare.filter(([, status]) => status === 429),
      Array.from({ length: 44 }, () => ["/library.v1.LibraryService/GetBook", 429]),
    );
    await eventually(() =>
      assert.equal(
        refused.reduce((sum, [, count]) => sum + count, 0),
        300,
      ),
    );
    assert.ok(refused.length <= 2, `${refused.length} times`);
    release[0]!();
    await first;
  });

  it("are all served where nothing limits them", async () => {
    await start(undefined, { gateOf: () => undefined });
    const call = CLIENTS["gRPC, our client"]!();
    const calls = Array.from({ length: 700 }, () => call());
    await has(700);
    for (const end of release) end();
    await Promise.all(calls);
  });
});
