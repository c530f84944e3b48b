// Writes the third-party .proto files that our contracts import into third_party/, which git ignores. They come from npm packages alone, so
// generation needs no registry of contracts. No package has `buf/validate/validate.proto` as text; it is printed from its descriptor.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { file_buf_validate_validate } from "../node_modules/@bufbuild/protovalidate/dist/esm/gen/buf/validate/validate_pb.js";
import { printProtoFile } from "./print-proto.ts";

const GOOGLEAPIS = "node_modules/@grpc/grpc-js-xds/deps/googleapis";
const REFLECTION = "node_modules/@grpc/reflection/build/proto";

/** For each path in third_party/, where its text comes from. */
const COPIES: Record<string, string> = {
  "google/api/annotations.proto": `${GOOGLEAPIS}/google/api/annotations.proto`,
  "google/api/http.proto": `${GOOGLEAPIS}/google/api/http.proto`,
  "google/rpc/error_details.proto": `${GOOGLEAPIS}/google/rpc/error_details.proto`,
  "google/rpc/status.proto": `${GOOGLEAPIS}/google/rpc/status.proto`,
  "grpc/health/v1/health.proto": "node_modules/grpc-health-check/proto/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto": `${REFLECTION}/grpc/reflection/v1/reflection.proto`,
  "grpc/reflection/v1alpha/reflection.proto": `${REFLECTION}/grpc/reflection/v1alpha/reflection.proto`,
};

rmSync("third_party", { recursive: true, force: true });
for (const [to, from] of Object.entries(COPIES)) cpSync(from, join("third_party", to));
const validate = "third_party/buf/validate/validate.proto";
mkdirSync(dirname(validate), { recursive: true });
writeFileSync(validate, printProtoFile(file_buf_validate_validate.proto));
