import { clone, create, type DescFile, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** A contract and what it imports, from what others depend on least: what peers' own generators and loaders start from. */
export function descriptorFiles(file: DescFile): FileDescriptorProto[] {
  const files = new Map<string, FileDescriptorProto>();
  const add = (desc: DescFile): void => {
    const imported = desc.dependencies.filter((dependency) => !declaresOptions(dependency));
    for (const dependency of imported) if (!files.has(dependency.proto.name)) add(dependency);
    const names = imported.map(({ proto }) => proto.name);
    files.set(desc.proto.name, withoutOptions(desc.proto, names));
  };
  add(file);
  return [...files.values()];
}

/** The same as protoc's `--descriptor_set_out` writes it. */
export function descriptorSet(file: DescFile): Buffer {
  const set = create(FileDescriptorSetSchema, { file: descriptorFiles(file) });
  return Buffer.from(toBinary(FileDescriptorSetSchema, set));
}

/** Such as the rules of validation: they say nothing about bytes, and a peer would need them as a package of its language. */
const declaresOptions = ({ extensions }: DescFile): boolean => extensions.length > 0;

function withoutOptions(file: FileDescriptorProto, dependency: string[]): FileDescriptorProto {
  const bare = clone(FileDescriptorProtoSchema, file);
  const strip = (message: DescriptorProto): void => {
    for (const field of message.field) delete field.options;
    message.nestedType.forEach(strip);
  };
  bare.messageType.forEach(strip);
  for (const service of bare.service) {
    delete service.options;
    for (const method of service.method) delete method.options;
  }
  return Object.assign(bare, { dependency });
}
