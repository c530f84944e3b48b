import { clone, create, type DescFile, toBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { loadFileDescriptorSetFromBuffer, type PackageDefinition } from "@grpc/proto-loader";

/** Of a contract as proto-loader has it: its parser of .proto text does not know all that our options use, so it gets the descriptors. */
export function packageDefinitionOf(file: DescFile): PackageDefinition {
  const files = new Map<string, DescFile>();
  const add = (each: DescFile): void => {
    if (each.name.startsWith("buf/") || each.name.startsWith("mesh/") || files.has(each.name)) return;
    for (const dependency of each.dependencies) add(dependency);
    files.set(each.name, each);
  };
  add(file);
  const set = create(FileDescriptorSetSchema, { file: [...files.values()].map(plain) });
  const bytes = Buffer.from(toBinary(FileDescriptorSetSchema, set));
  return loadFileDescriptorSetFromBuffer(bytes, { longs: String, enums: String });
}

/** Without our options, and with fields named as NestJS's users have them. */
function plain({ proto }: DescFile) {
  const copy = clone(FileDescriptorProtoSchema, proto);
  copy.dependency = copy.dependency.filter((name) => !name.startsWith("buf/") && !name.startsWith("mesh/"));
  for (const message of copy.messageType) {
    message.options = undefined;
    camelCase(message);
  }
  for (const service of copy.service) {
    service.options = undefined;
    for (const method of service.method) method.options = undefined;
  }
  return copy;
}

function camelCase(message: DescriptorProto): void {
  for (const field of message.field) {
    field.name = field.jsonName ?? field.name;
    field.options = undefined;
  }
}
