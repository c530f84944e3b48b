import assert from "node:assert/strict";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ServerReflection as V1 } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as V1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { reflectionServices } from "../../src/rpc/server/reflection.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";

type Ask =
  | { case: "listServices" | "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } };

type Answer = { case: string | undefined; value?: unknown };
/** What the test expects an answer to hold. */
const contentOf = <T>(answer: Answer | undefined) => answer?.value as T;

for (const [version, reflection] of [
  ["v1", V1],
  ["v1alpha", V1Alpha],
] as const) {
  describe(`reflection ${version}`, () => {
    let server: ProbeServer;
    before(async () => {
      server = await startProbeServer({ services: reflectionServices([ProbeService]) });
    });
    after(() => server.close());

    /** Asks on one stream, and gives the answers without their type names. */
    async function ask(...questions: Ask[]) {
      const client = createClient(reflection, createGrpcTransport({ baseUrl: server.baseUrl }));
      const requests = questions.map((messageRequest) => ({ host: "h", messageRequest }));
      const answers: Answer[] = [];
      for await (const response of client.serverReflectionInfo(inOrder(requests))) {
        assert.equal(response.validHost, "h");
        assert.deepEqual(response.originalRequest?.messageRequest.case, questions[answers.length]?.case);
        answers.push(response.messageResponse);
      }
      return answers;
    }
    const filesIn = (answer: Answer) =>
      contentOf<{ fileDescriptorProto: Uint8Array[] }>(answer).fileDescriptorProto.map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      );
    const namesIn = (answer: Answer) => filesIn(answer).map(({ name }) => name);

    it("lists the services, and itself", async () => {
      const [answer] = await ask({ case: "listServices", value: "" });
      const { service } = contentOf<{ service: { name: string }[] }>(answer);
      assert.deepEqual(
        service.map(({ name }) => name),
        ["probe.v1.ProbeService", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"],
      );
    });

    it("gives all files from which a client can make the service again", async () => {
      const [answer] = await ask({ case: "fileContainingSymbol", value: "probe.v1.ProbeService" });
      const file = filesIn(answer!);
      assert.equal(file[0]?.name, "probe/v1/probe.proto");
      const registry = createFileRegistry({ $typeName: FileDescriptorSetSchema.typeName, file: file.toReversed() });
      const made = registry.getService("probe.v1.ProbeService");
      assert.deepEqual(
        made?.methods.map(({ name, methodKind }) => [name, methodKind]),
        ProbeService.methods.map(({ name, methodKind }) => [name, methodKind]),
      );
    });

    it("finds methods, messages, fields, enums and their values", async () => {
      const symbols = {
        "probe.v1.ProbeService.Unary": "probe/v1/probe.proto",
        "probe.v1.Payload": "probe/v1/probe.proto",
        "probe.v1.Payload.short": "probe/v1/probe.proto",
        "google.protobuf.FieldDescriptorProto.TYPE_INT32": "google/protobuf/descriptor.proto",
        "google.protobuf.FieldDescriptorProto.Type": "google/protobuf/descriptor.proto",
        "buf.validate.field": "buf/validate/validate.proto",
      };
      for (const [value, file] of Object.entries(symbols)) {
        const [answer] = await ask({ case: "fileContainingSymbol", value });
        assert.equal(namesIn(answer!)[0], file, value);
      }
    });

    it("finds files by name, and sends on a stream none twice unasked", async () => {
      const answers = await ask(
        { case: "fileByFilename", value: "google/protobuf/duration.proto" },
        { case: "fileByFilename", value: "buf/validate/validate.proto" },
        { case: "fileByFilename", value: "buf/validate/validate.proto" },
      );
      assert.deepEqual(answers.map(namesIn), [
        ["google/protobuf/duration.proto"],
        [
          "buf/validate/validate.proto",
          "google/protobuf/descriptor.proto",
          "google/protobuf/field_mask.proto",
          "google/protobuf/timestamp.proto",
        ],
        ["buf/validate/validate.proto"],
      ]);
    });

    it("finds extensions", async () => {
      const options = "google.protobuf.FieldOptions";
      const [numbers, file] = await ask(
        { case: "allExtensionNumbersOfType", value: options },
        { case: "fileContainingExtension", value: { containingType: options, extensionNumber: 1159 } },
      );
      const { baseTypeName, extensionNumber } = contentOf<{ baseTypeName: string; extensionNumber: number[] }>(numbers);
      assert.deepEqual([baseTypeName, extensionNumber], [options, [1159, 1160]]);
      assert.equal(namesIn(file!)[0], "buf/validate/validate.proto");
    });

    it("answers what it does not find by errors, and the stream goes on", async () => {
      const answers = await ask(
        { case: "fileByFilename", value: "none.proto" },
        { case: "fileContainingSymbol", value: "none.None" },
        { case: "allExtensionNumbersOfType", value: "none.None" },
        { case: "fileContainingExtension", value: { containingType: "none.None", extensionNumber: 7 } },
      );
      assert.deepEqual(answers.map(errorOf), [
        [Code.NotFound, "none.proto not found"],
        [Code.NotFound, "none.None not found"],
        [Code.NotFound, "none.None not found"],
        [Code.NotFound, "extension 7 of none.None not found"],
      ]);
    });
  });
}

describe("reflection", () => {
  it("answers over Connect, too", async () => {
    const server = await startProbeServer({ services: reflectionServices([ProbeService]) });
    const client = createClient(V1, createConnectTransport({ baseUrl: server.baseUrl, httpVersion: "2" }));
    const requests = inOrder([{ messageRequest: { case: "listServices" as const, value: "" } }]);
    for await (const { messageResponse } of client.serverReflectionInfo(requests)) {
      assert.equal(messageResponse.case, "listServicesResponse");
    }
    await server.close();
  });
});

function errorOf(answer: Answer): [number, string] {
  const { errorCode, errorMessage } = contentOf<{ errorCode: number; errorMessage: string }>(answer);
  return [errorCode, errorMessage];
}

async function* inOrder<T>(messages: readonly T[]): AsyncIterable<T> {
  yield* messages;
}
