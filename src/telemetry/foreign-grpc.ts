// Traces @grpc/grpc-js clients and servers that are not ours: those of libraries and of code that was not written for this system. Import it,
// for its effect, before anything that imports @grpc/grpc-js: an importer keeps the functions that it found.
import { createRequire } from "node:module";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";

/** Makes one CLIENT or SERVER span for each call of a grpc.Client or grpc.Server. Our own transport and server are neither, and are not doubled. */
export const foreignGrpc = new GrpcInstrumentation();

// The hook of the instrumentation is on require(). ESM importers of a CommonJS module get the same, then patched, exports.
createRequire(import.meta.url)("@grpc/grpc-js");
