// Headers, trailers and metadata of errors may have any name, also those that objects of JavaScript have by themselves.
import assert from "node:assert/strict";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcWebTransport,
  createGrpcTransport as createTheirGrpcTransport,
} from "@connectrpc/connect-node";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { ProbeService } from "../support/probe.ts";

const NAMES = ["constructor", "__proto__"];

let received: Headers | undefined;
const probe = service(ProbeService, {
  unary({ payload }, { requestHeader, responseHeader, responseTrailer }) {
    received = requestHeader;
    const error = new ConnectError("no");
    for (const name of NAMES) {
      responseHeader.set(name, "header");
      responseTrailer.set(name, "trailer");
      error.metadata.append(name, "metadata");
    }
    if (payload?.text === "fail") throw error;
    return {};
  },
});
const library = service(LibraryService, {
  getBook({ name }, { requestHeader, responseHeader }) {
    received = requestHeader;
    for (const each of NAMES) responseHeader.set(each, "header");
    if (!name.endsWith("fail")) return {};
    throw new ConnectError("no", undefined, new Headers(NAMES.map((each): [string, string] => [each, "metadata"])));
  },
});

describe("headers with names that every object has", () => {
  let server: RpcServer;
  let url: string;
  let own: GrpcTransport;

  before(async () => {
    const services = [probe, library];
    server = createRpcServer({ services, http: createRestHandler({ services }) });
    url = `http://127.0.0.1:${await server.listen()}`;
    own = createGrpcTransport({ target: url.slice("http://".length) });
  });
  after(async () => {
    own.close();
    await server.close();
  });

  /** What the clients of others can send and read: they lose "__proto__" themselves. */
  const CONSTRUCTOR = ["constructor"];
  const clients: Readonly<Record<string, [names: readonly string[], transport: () => Transport]>> = {
    "gRPC, our client": [NAMES, () => own],
    gRPC: [CONSTRUCTOR, () => createTheirGrpcTransport({ baseUrl: url })],
    "gRPC-Web": [CONSTRUCTOR, () => createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1" })],
    Connect: [CONSTRUCTOR, () => createConnectTransport({ baseUrl: url, httpVersion: "1.1" })],
    "Connect over HTTP/2": [CONSTRUCTOR, () => createConnectTransport({ baseUrl: url, httpVersion: "2" })],
  };
  for (const [protocol, [names, transport]] of Object.entries(clients)) {
    const of = (headers: Headers) => names.map((name) => headers.get(name));
    const all = (value: string) => names.map(() => value);

    it(`arrive as they were set (${protocol})`, async () => {
      const client = createClient(ProbeService, transport());
      const headers = new Headers(names.map((name): [string, string] => [name, "sent"]));
      const seen: (string | null)[][] = [];
      const note = (got: Headers) => void seen.push(of(got));
      await client.unary({}, { headers, onHeader: note, onTrailer: note });
      assert.deepEqual([of(received!), ...seen], [all("sent"), all("header"), all("trailer")]);
    });

    it(`arrive with an error (${protocol})`, async () => {
      const client = createClient(ProbeService, transport());
      await assert.rejects(client.unary({ payload: { text: "fail" } }), (error) => {
        // Clients put the trailers of the answer there as well, and its headers where gRPC sends them apart.
        const values = of((error as ConnectError).metadata).map((value) =>
          value
            ?.split(", ")
            .filter((one) => one !== "header")
            .sort(),
        );
        assert.deepEqual(
          values,
          names.map(() => ["metadata", "trailer"]),
        );
        return true;
      });
    });
  }

  const answers: Readonly<Record<string, [path: string, body: unknown, value: string]>> = {
    Connect: ["/probe.v1.ProbeService/Unary", {}, "header"],
    "Connect, an error": ["/probe.v1.ProbeService/Unary", { payload: { text: "fail" } }, "header, metadata"],
    REST: ["/v1/shelves/1/books/2", undefined, "header"],
    "REST, an error": ["/v1/shelves/1/books/fail", undefined, "metadata"],
  };
  for (const [what, [path, body, value]] of Object.entries(answers)) {
    it(`arrive over HTTP (${what})`, async () => {
      const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const { headers } = await fetch(url + path, body === undefined ? {} : post);
      assert.deepEqual(
        NAMES.map((name) => headers.get(name)),
        NAMES.map(() => value),
      );
    });
  }

  it("are not there if they were not sent (REST)", async () => {
    await fetch(`${url}/v1/shelves/1/books/2`);
    for (const name of [...NAMES, "toString", "valueOf"]) {
      assert.deepEqual([received!.get(name), received!.has(name)], [null, false], name);
    }
    await fetch(`${url}/v1/shelves/1/books/2`, { headers: { constructor: "sent" } });
    assert.equal(received!.get("Constructor"), "sent");
  });
});
