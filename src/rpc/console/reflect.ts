// A client of gRPC's server reflection.
import { type DescFile, type DescService, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.js";

/** What a server serves. */
export type Reflected = {
  /** The names of its services. */
  readonly services: readonly string[];
  /** The files that define them, with all that they import. What is imported comes first. */
  readonly files: readonly FileDescriptorProto[];
};

/** What these services tell of themselves. */
export function reflected(services: readonly DescService[]): Reflected {
  const files = new Map<string, FileDescriptorProto>();
  const add = ({ proto, dependencies }: DescFile): void => {
    if (files.has(proto.name)) return;
    files.set(proto.name, proto);
    for (const imported of dependencies) add(imported);
  };
  for (const { file } of services) add(file);
  return { services: services.map(({ typeName }) => typeName), files: importedFirst(files) };
}

type Question = { readonly case: "listServices" | "fileContainingSymbol" | "fileByFilename"; readonly value: string };

/** Asks a server for all that it serves. Rejects with ConnectError. */
export async function reflect(
  { serverReflectionInfo }: Client<typeof ServerReflection>,
  signal: AbortSignal,
): Promise<Reflected> {
  const services: string[] = [];
  const files = new Map<string, FileDescriptorProto>();

  async function ask(questions: readonly Question[]): Promise<void> {
    const requests = (async function* () {
      for (const messageRequest of questions) yield { messageRequest };
    })();
    for await (const { messageResponse: answer } of serverReflectionInfo(requests, { signal })) {
      if (answer.case === "errorResponse") {
        const { errorCode, errorMessage } = answer.value;
        throw new ConnectError(errorMessage, errorCode in Code ? errorCode : Code.Unknown);
      }
      if (answer.case === "listServicesResponse") services.push(...answer.value.service.map(({ name }) => name));
      if (answer.case !== "fileDescriptorResponse") continue;
      for (const bytes of answer.value.fileDescriptorProto) {
        const file = fromBinary(FileDescriptorProtoSchema, bytes);
        files.set(file.name, file);
      }
    }
  }

  await ask([{ case: "listServices", value: "" }]);
  await ask(services.map((value) => ({ case: "fileContainingSymbol", value })));
  // Some servers send only the file that was asked for.
  for (let missing = missingIn(files); missing.length > 0; missing = missingIn(files)) {
    const before = files.size;
    await ask(missing.map((value) => ({ case: "fileByFilename", value })));
    if (files.size === before) throw new ConnectError(`reflection lacks ${missing.join()}`, Code.NotFound);
  }
  return { services, files: importedFirst(files) };
}

function missingIn(files: ReadonlyMap<string, FileDescriptorProto>): string[] {
  const wanted = new Set([...files.values()].flatMap(({ dependency }) => dependency));
  return [...wanted].filter((name) => !files.has(name));
}

function importedFirst(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const sorted = new Set<FileDescriptorProto>();
  const seen = new Set<string>();
  const add = (name: string): void => {
    const file = files.get(name);
    if (file === undefined || seen.has(name)) return;
    seen.add(name);
    for (const imported of file.dependency) add(imported);
    sorted.add(file);
  };
  for (const name of files.keys()) add(name);
  return [...sorted];
}
