// A place among the calls that a server serves at a time is for calls, not for clients who take their time.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { createAdmission } from "../../src/rpc/server/admission/admission.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { createLibrary } from "../support/library.ts";

describe("clients who are slow to send a request", () => {
  it("keep nobody from being served", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { service } = createLibrary();
    const admission = createAdmission({ limit: 1, criticalityOf: () => "default" });
    const http = createRestHandler({ services: [service], admission });
    const server = createRpcServer({ services: [service], admission, http });
    const port = await server.listen();
    cleanup.defer(() => server.close());

    const session = connect(`http://127.0.0.1:${port}`).on("error", () => {});
    cleanup.defer(() => session.destroy());
    await once(session, "connect");
    const post = { ":method": "POST", ":path": "/library.v1.LibraryService/MoveFile" };
    for (const type of ["application/grpc", "application/grpc-web+proto", "application/proto"]) {
      for (let i = 0; i < 3; i++) session.request({ ...post, "content-type": type }).on("error", () => {});
    }
    const headers = { "content-type": "application/json", "content-length": 100 };
    const slow = request(`http://127.0.0.1:${port}/v1/files/a:move`, { method: "POST", headers }).on("error", () => {});
    cleanup.defer(() => void slow.destroy());
    slow.flushHeaders();
    const arrived = Promise.withResolvers<void>();
    session.ping((error) => (error === null ? arrived.resolve() : arrived.reject(error)));
    await arrived.promise;

    const transport = createGrpcTransport({ target: `127.0.0.1:${port}` });
    cleanup.defer(() => transport.close());
    const library = createClient(LibraryService, transport);
    const began = performance.now();
    for (let i = 0; i < 10; i++) await library.moveFile({ to: "b" }, { timeoutMs: 5000 });
    assert.ok(performance.now() - began < 400, `${performance.now() - began} ms`);
  });
});
