// Prints a file descriptor as .proto text: messages, enums, extensions and ranges. Options other than allow_alias are left out.
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";

const MAX_FIELD_NUMBER = 536_870_911;

/** The text of a proto2 or proto3 file. Groups and services are not supported. */
export function printProtoFile(file: FileDescriptorProto): string {
  const proto3 = file.syntax === "proto3";
  const lines = [`syntax = "${file.syntax || "proto2"}";`, `package ${file.package};`];
  for (const path of file.dependency) lines.push(`import "${path}";`);
  for (const e of file.enumType) printEnum(e, "");
  for (const m of file.messageType) printMessage(m, "");
  for (const x of file.extension) printExtension(x, "");
  return `${lines.join("\n")}\n`;

  function printEnum(e: EnumDescriptorProto, indent: string): void {
    lines.push(`${indent}enum ${e.name} {`);
    if (e.options?.allowAlias) lines.push(`${indent}  option allow_alias = true;`);
    for (const v of e.value) lines.push(`${indent}  ${v.name} = ${v.number};`);
    lines.push(`${indent}}`);
  }

  function printExtension(x: FieldDescriptorProto, indent: string): void {
    lines.push(`${indent}extend ${x.extendee} { ${label(x)}${declaration(x)} }`);
  }

  function printMessage(m: DescriptorProto, indent: string): void {
    const inner = `${indent}  `;
    lines.push(`${indent}message ${m.name} {`);
    for (const e of m.enumType) printEnum(e, inner);
    for (const n of m.nestedType) if (!n.options?.mapEntry) printMessage(n, inner);
    for (const f of m.field) if (!inOneof(f)) lines.push(inner + (mapField(f, m) ?? label(f) + declaration(f)));
    m.oneofDecl.forEach((oneof, i) => {
      const members = m.field.filter((f) => inOneof(f) && f.oneofIndex === i);
      if (members.length === 0) return; // the synthetic oneof of a proto3 optional field
      lines.push(`${inner}oneof ${oneof.name} {`, ...members.map((f) => `${inner}  ${declaration(f)}`), `${inner}}`);
    });
    for (const r of m.extensionRange) {
      lines.push(`${inner}extensions ${r.start} to ${r.end > MAX_FIELD_NUMBER ? "max" : r.end - 1};`);
    }
    for (const r of m.reservedRange) lines.push(`${inner}reserved ${r.start} to ${r.end - 1};`);
    for (const x of m.extension) printExtension(x, inner);
    lines.push(`${indent}}`);
  }

  function label(f: FieldDescriptorProto): string {
    if (f.label === FieldDescriptorProto_Label.REPEATED) return "repeated ";
    if (f.label === FieldDescriptorProto_Label.REQUIRED) return "required ";
    return proto3 && !f.proto3Optional ? "" : "optional ";
  }
}

const typeName = (f: FieldDescriptorProto): string => f.typeName || FieldDescriptorProto_Type[f.type].toLowerCase();

const declaration = (f: FieldDescriptorProto): string => `${typeName(f)} ${f.name} = ${f.number};`;

const inOneof = (f: FieldDescriptorProto): boolean => Object.hasOwn(f, "oneofIndex") && !f.proto3Optional;

function mapField(f: FieldDescriptorProto, owner: DescriptorProto): string | undefined {
  const entry = owner.nestedType.find((n) => n.options?.mapEntry && f.typeName.endsWith(`.${n.name}`));
  const [key, value] = entry?.field ?? [];
  if (key === undefined || value === undefined) return undefined;
  return `map<${typeName(key)}, ${typeName(value)}> ${f.name} = ${f.number};`;
}
