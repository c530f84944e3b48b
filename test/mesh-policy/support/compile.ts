import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "../../../gen/buf/validate/validate_pb.js";
import { printProtoFile } from "../../../tools/print-proto.ts";

const root = resolve(import.meta.dirname, "../../..");
const GOOGLEAPIS = "node_modules/@grpc/grpc-js-xds/deps/googleapis";
const IMPORTS = {
  "mesh/v1/policy.proto": "proto/mesh/v1/policy.proto",
  "google/api/annotations.proto": `${GOOGLEAPIS}/google/api/annotations.proto`,
  "google/api/http.proto": `${GOOGLEAPIS}/google/api/http.proto`,
};

export const buf = join(root, "node_modules/.bin/buf");

/** A new folder with the contracts, given as path and text, and all that they may import. The caller removes it. */
export function layDownContracts(contracts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "mesh-policy-"));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write("buf.yaml", "version: v2\n");
  write("buf/validate/validate.proto", printProtoFile(file_buf_validate_validate.proto));
  for (const [path, from] of Object.entries(IMPORTS)) write(path, readFileSync(join(root, from), "utf8"));
  for (const [path, text] of Object.entries(contracts)) write(path, text);
  return folder;
}

/** The descriptors of the contracts in a folder, with the lines of their source. */
export function compile(folder: string): FileDescriptorProto[] {
  const image = execFileSync(buf, ["build", "--output", "-#format=binpb"], { cwd: folder, maxBuffer: 2 ** 26 });
  return fromBinary(FileDescriptorSetSchema, image).file;
}

/** What buf asks of a plugin that shall generate for these files. */
export function requestFor(
  fileToGenerate: readonly string[],
  protoFile: readonly FileDescriptorProto[],
  parameter = "",
): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...fileToGenerate],
    protoFile: [...protoFile],
    parameter,
  });
}
