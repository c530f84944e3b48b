import grpcJs from "@grpc/grpc-js";
import { trace } from "@opentelemetry/api";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";

/**
 * Makes spans for calls of @grpc/grpc-js clients and servers that are not ours, such as those of libraries, and passes traces through them.
 * Our own transport works below grpc.Client and our server is no grpc.Server, so nothing is told twice. The result undoes it.
 *
 * The library is patched in place, so it may be loaded already; only client constructors that an ESM importer took from it before
 * (`import { makeClientConstructor }`) stay as they were.
 */
export function traceForeignGrpc(): () => void {
  instrumentation.setTracerProvider(trace.getTracerProvider());
  for (const definition of definitions) definition.patch?.(grpcJs);
  return () => {
    for (const definition of definitions) definition.unpatch?.(grpcJs);
  };
}

// Not enabled: its hooks into module loading see neither ESM nor bundles.
const instrumentation = new GrpcInstrumentation({ enabled: false });
const definitions = instrumentation.getModuleDefinitions();
