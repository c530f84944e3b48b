// The lookups of server reflection in the generated descriptors.
import {
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescService,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

export type FileIndex = {
  /** By path, such as "google/api/http.proto". */
  fileByName(name: string): DescFile | undefined;
  /** By the full name of a service, method, message, field, oneof, enum, enum value or extension. */
  fileOfSymbol(name: string): DescFile | undefined;
  fileOfExtension(message: string, number: number): DescFile | undefined;
  /** The field numbers of a message's extensions; undefined if there is no such message. */
  extensionNumbers(message: string): number[] | undefined;
};

/** Indexes the files of the services and everything that they import. */
export function createFileIndex(services: readonly DescService[]): FileIndex {
  const files = new Map<string, DescFile>();
  for (const { file } of services) addWithImports(file, files);
  const registry = createRegistry(...files.values());
  const symbols = new Map<string, DescFile>();
  const extensions: DescExtension[] = [];
  for (const type of registry) {
    symbols.set(type.typeName, type.file);
    for (const name of memberNames(type)) symbols.set(name, type.file);
    if (type.kind === "extension") extensions.push(type);
  }

  return {
    fileByName: (name) => files.get(name),
    fileOfSymbol: (name) => symbols.get(name),
    fileOfExtension: (message, number) =>
      extensions.find((e) => e.extendee.typeName === message && e.number === number)?.file,
    extensionNumbers(message) {
      if (registry.getMessage(message) === undefined) return undefined;
      return extensions.filter((e) => e.extendee.typeName === message).map((e) => e.number);
    },
  };
}

/** All types in the services' files and their imports, which the JSON form of google.protobuf.Any needs. */
export function registryOf(services: readonly DescService[]): Registry {
  const files = new Map<string, DescFile>();
  for (const { file } of services) addWithImports(file, files);
  return createRegistry(...files.values());
}

/** A file, first, and those of its imports that were not sent before, as serialized FileDescriptorProtos. */
export function fileWithImports(file: DescFile, sent: Set<string>): Uint8Array[] {
  sent.delete(file.proto.name);
  const found = new Map<string, DescFile>();
  addWithImports(file, found, sent);
  for (const name of found.keys()) sent.add(name);
  return [...found.values()].map(serialized);
}

const SERIALIZED = new WeakMap<DescFile, Uint8Array>();

/** Serialized once, however often clients ask for the file. */
function serialized(file: DescFile): Uint8Array {
  let bytes = SERIALIZED.get(file);
  if (bytes === undefined) {
    bytes = toBinary(FileDescriptorProtoSchema, file.proto);
    SERIALIZED.set(file, bytes);
  }
  return bytes;
}

function addWithImports(file: DescFile, files: Map<string, DescFile>, except?: ReadonlySet<string>): void {
  const { name } = file.proto;
  if (files.has(name) || except?.has(name)) return;
  files.set(name, file);
  for (const imported of file.dependencies) addWithImports(imported, files, except);
}

type DescType = ReturnType<typeof createRegistry> extends Iterable<infer T> ? T : never;

function memberNames(type: DescType): string[] {
  switch (type.kind) {
    case "service":
      return type.methods.map(({ name }) => `${type.typeName}.${name}`);
    case "message":
      return [...type.fields, ...type.oneofs].map(({ name }) => `${type.typeName}.${name}`);
    case "enum": {
      // enum values are named in the scope around their enum
      const scope = type.parent?.typeName ?? type.file.proto.package;
      return type.values.map(({ name }) => (scope === "" ? name : `${scope}.${name}`));
    }
    case "extension":
      return [];
  }
}
