// Our client of reflection, against a server that we did not write, and one that sends only what it was asked for.
import assert from "node:assert/strict";
import { toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { reflect, reflected } from "../../src/rpc/console/reflect.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { failureOf } from "../support/outcomes.ts";

const NEVER = new AbortController().signal;

/** A server with one file for each of these, which sends no file but the one that was asked for. */
function miserly(files: readonly FileDescriptorProto[], services: readonly string[]) {
  return createRouterTransport(({ service }) => {
    service(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const { messageRequest: asked } of requests) {
          if (asked.case === "listServices") {
            const all = services.map((name) => ({ name }));
            yield { messageResponse: { case: "listServicesResponse", value: { service: all } } };
            continue;
          }
          const file = files.find(({ name, service }) =>
            asked.case === "fileByFilename" ? name === asked.value : service.length > 0,
          );
          yield file === undefined
            ? {
                messageResponse: {
                  case: "errorResponse",
                  value: { errorCode: Code.NotFound, errorMessage: "no file" },
                },
              }
            : {
                messageResponse: {
                  case: "fileDescriptorResponse",
                  value: { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, file)] },
                },
              };
        }
      },
    });
  });
}

describe("the client of reflection", () => {
  it("learns the contracts of a server of grpc-js", async () => {
    const definition = loadSync("node_modules/grpc-health-check/proto/health/v1/health.proto");
    const server = new Server();
    new ReflectionService(definition).addToServer(server);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
    const transport = createGrpcTransport({ target: `127.0.0.1:${await promise}` });
    try {
      const { services, files } = await reflect(createClient(ServerReflection, transport), NEVER);
      assert.ok(services.includes(Health.typeName));
      const methods = files
        .filter((file) => file.package === "grpc.health.v1")
        .flatMap(({ service }) => service.flatMap(({ method }) => method.map(({ name }) => name)));
      assert.deepEqual(methods, ["Check", "Watch", "List"]);
    } finally {
      transport.close();
      server.forceShutdown();
    }
  });

  it("asks for imported files that did not come, and says which it cannot get", async () => {
    const { services, files } = reflected([ProbeService]);
    assert.ok(files.length > 1);
    const client = createClient(ServerReflection, miserly(files, services));
    const got = await reflect(client, NEVER);
    assert.deepEqual(
      got.files.map(({ name }) => name),
      files.map(({ name }) => name),
    );
    const last = createClient(ServerReflection, miserly(files.slice(-1), services));
    assert.equal((await failureOf(reflect(last, NEVER))).code, Code.NotFound);
  });
});
