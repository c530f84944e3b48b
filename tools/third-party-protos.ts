// Lays the third-party .proto files that ours import into third_party/ (git-ignored), from npm packages alone: generation then
// needs no registry of contracts. `buf/validate/validate.proto` ships in no package as text; it is printed from its descriptor.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { file_buf_validate_validate } from "../node_modules/@bufbuild/protovalidate/dist/esm/gen/buf/validate/validate_pb.js";
import { printProtoFile } from "./print-proto.ts";

const GOOGLEAPIS = "node_modules/@grpc/grpc-js-xds/deps/googleapis";
const REFLECTION = "node_modules/@grpc/reflection/build/proto";

/** Path inside third_party/ -> where the text comes from. */
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
