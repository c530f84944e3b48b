import type { Plugin } from "esbuild";
import type { BuiltFile } from "../../src/gateway/built-pages.ts";

/** Puts the built pages into a bundle, in the place of the module that reads them from dist/web. */
export function withPages(pages: readonly BuiltFile[]): Plugin {
  const texts = pages.map(({ path, gzip }) => ({ path, gzip: gzip.toString("base64") }));
  return {
    name: "with-pages",
    setup(build) {
      build.onLoad({ filter: /\/src\/gateway\/built-pages\.ts$/ }, () => ({
        contents: `
          const PAGES = ${JSON.stringify(texts)};
          export const builtPages = () => PAGES.map(({ path, gzip }) => ({ path, gzip: Buffer.from(gzip, "base64") }));`,
      }));
    },
  };
}
