import type { Plugin } from "esbuild";

const MESSAGE =
  "peers at xds: need a run from source (node src/main.ts): @grpc/grpc-js-xds reads .proto files at run time, so bundles and the " +
  "executable are built without it. Use dns:, or a mesh's sidecar.";

/** Leaves peers at xds: out of a bundle, and with them two packages that are a third of all code. Using one throws an Error that says so. */
export const withoutXds: Plugin = {
  name: "without-xds",
  setup(build) {
    build.onLoad({ filter: /\/src\/rpc\/client\/grpc-js\/xds-wire\.ts$/ }, () => ({
      contents: `export function xdsWire() { throw new Error(${JSON.stringify(MESSAGE)}); }`,
    }));
  },
};
