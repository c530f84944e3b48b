import { createRequire } from "node:module";
import type { Plugin } from "esbuild";

/** Modules of Node that have something in memory which V8 cannot put into a snapshot of its heap. */
const LAZY = ["http", "http2", "https", "sqlite", "tls"];

const require = createRequire(import.meta.url);

/** Makes a bundle load these when something of them is first used, which must be after it was loaded. */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(node:)?(${LAZY.join("|")})$`) }, ({ path }) => {
      return { path: path.replace("node:", ""), namespace: "lazy-builtins" };
    });
    build.onLoad({ filter: /.*/, namespace: "lazy-builtins" }, ({ path }) => {
      const names = Object.keys(require(`node:${path}`) as object);
      return {
        contents: `
          let loaded;
          const load = () => (loaded ??= process.getBuiltinModule("node:${path}"));
          for (const name of ${JSON.stringify(names)}) {
            Object.defineProperty(module.exports, name, { get: () => load()[name], enumerable: true, configurable: true });
          }`,
      };
    });
  },
};
