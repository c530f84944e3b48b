// grpc.reflection.v1 and v1alpha as ordinary services, from the generated descriptors.
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ServerReflection as V1 } from "../../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as V1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { shownName } from "../field-violations.ts";
import { type Service, service } from "../service.ts";
import { createFileIndex, fileWithImports } from "./file-index.ts";

/** The question of a ServerReflectionRequest, in both versions. */
type Query =
  | { readonly case: "listServices" | "fileByFilename" | "fileContainingSymbol"; readonly value: string }
  | { readonly case: "allExtensionNumbersOfType"; readonly value: string }
  | { readonly case: "fileContainingExtension"; readonly value: { containingType: string; extensionNumber: number } }
  | { readonly case: undefined };
/** The answer of a ServerReflectionResponse, in both versions. */
type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "errorResponse"; value: { errorCode: Code; errorMessage: string } };

/** Server reflection in both versions, for these services and for itself. */
export function reflectionServices(services: readonly DescService[]): Service[] {
  const listed = [...services, V1, V1Alpha];
  const index = createFileIndex(listed);

  function answer(query: Query, sent: Set<string>): Answer {
    switch (query.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: listed.map(({ typeName }) => ({ name: typeName })) } };
      case "fileByFilename":
        return descriptors(index.fileByName(query.value), query.value, sent);
      case "fileContainingSymbol":
        return descriptors(index.fileOfSymbol(query.value), query.value, sent);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = query.value;
        const file = index.fileOfExtension(containingType, extensionNumber);
        return descriptors(file, `extension ${extensionNumber} of ${containingType}`, sent);
      }
      case "allExtensionNumbersOfType": {
        const extensionNumber = index.extensionNumbers(query.value);
        if (extensionNumber === undefined) return failure(Code.NotFound, `${shownName(query.value)} not found`);
        return { case: "allExtensionNumbersResponse", value: { baseTypeName: query.value, extensionNumber } };
      }
      case undefined:
        return failure(Code.InvalidArgument, "the request asks for nothing");
    }
  }

  /** Sends each file once per stream, since clients keep what they have. */
  async function* serve<Request extends { host: string; messageRequest: Query }>(requests: AsyncIterable<Request>) {
    const sent = new Set<string>();
    for await (const request of requests) {
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request.messageRequest, sent),
      };
    }
  }

  return [service(V1, { serverReflectionInfo: serve }), service(V1Alpha, { serverReflectionInfo: serve })];
}

function descriptors(file: DescFile | undefined, name: string, sent: Set<string>): Answer {
  if (file === undefined) return failure(Code.NotFound, `${shownName(name)} not found`);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: fileWithImports(file, sent) } };
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
