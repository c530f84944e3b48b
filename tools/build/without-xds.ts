import type { Plugin } from "esbuild";

const MESSAGE =
  "peers at xds: need a run from source (node src/main.ts): @grpc/grpc-js-xds reads .proto files at run time, so bundles and the " +
  "executable are built without it. Use dns:, or a mesh's sidecar.";

/** Leaves @grpc/grpc-js-xds, a third of all code, out of a bundle. Using it there throws an Error that says so. */
export const withoutXds: Plugin = {
  name: "without-xds",
  setup(build) {
    build.onResolve({ filter: /^@grpc\/grpc-js-xds$/ }, ({ path }) => ({ path, namespace: "without-xds" }));
    build.onLoad({ filter: /.*/, namespace: "without-xds" }, () => ({
      contents: `export function register() { throw new Error(${JSON.stringify(MESSAGE)}); }`,
    }));
  },
};
