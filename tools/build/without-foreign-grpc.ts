import type { Metafile, Plugin } from "esbuild";

/**
 * Leaves the tracing of calls by @grpc/grpc-js out of a bundle in which nobody makes any: the library and its instrumentation take time at
 * each start, and 17 MB.
 */
export const withoutForeignGrpc: Plugin = {
  name: "without-foreign-grpc",
  setup(build) {
    build.onLoad({ filter: /\/src\/telemetry\/foreign-grpc\.ts$/ }, () => ({
      contents: "export const traceForeignGrpc = () => () => {};",
    }));
  },
};

/** Whether a bundle has the library all the same, since something in it makes calls by it. */
export const hasForeignGrpc = ({ inputs }: Metafile): boolean =>
  Object.keys(inputs).some((path) => path.includes("node_modules/@grpc/grpc-js/"));
