import grpcJs from "@grpc/grpc-js";
import { trace } from "@opentelemetry/api";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";

/**
 * Traces calls made through @grpc/grpc-js by code that is not ours, such as libraries. Our own transport works below grpc.Client and our
 * server is not a grpc.Server, so no call is recorded twice. Returns a function that undoes it.
 *
 * The library is patched in place, so it may be loaded already. Only functions that an ES module has imported from it by name before
 * (`import { makeClientConstructor }`) stay unpatched.
 */
export function traceForeignGrpc(): () => void {
  instrumentation.setTracerProvider(trace.getTracerProvider());
  for (const definition of definitions) definition.patch?.(grpcJs);
  return () => {
    for (const definition of definitions) definition.unpatch?.(grpcJs);
  };
}

// Not enabled, because its module loading hooks see neither ES modules nor bundles.
const instrumentation = new GrpcInstrumentation({ enabled: false });
const definitions = instrumentation.getModuleDefinitions();
