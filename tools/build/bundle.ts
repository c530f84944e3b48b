import { resolve } from "node:path";
import { build, type Metafile } from "esbuild";
import { lazyRules } from "./lazy-rules.ts";
import { withoutXds } from "./without-xds.ts";

const root = resolve(import.meta.dirname, "../..");

export type BundleOptions = {
  /** Absolute path of the module to begin with. It must not have top-level await. */
  readonly entry: string;
  /** Absolute path of the CommonJS file to write; its source map gets ".map" added. */
  readonly outfile: string;
};

/** The folders of the packages that have code in the bundle, absolute and sorted. */
export type Bundle = { readonly packages: readonly string[] };

/**
 * Bundles a program with its packages to one file, which starts faster than many. CommonJS, since only that can have a code cache in an
 * executable. Names stay as they are, so that stacks can be read without the source map. Throws if there is an error or a warning.
 */
export async function bundle({ entry, outfile }: BundleOptions): Promise<Bundle> {
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node26",
    // A program inside an executable has no module loader, but it has require().
    supported: { "dynamic-import": false },
    minifySyntax: true,
    // The text of a program stays in memory; this halves it.
    minifyWhitespace: true,
    legalComments: "none",
    sourcemap: "linked",
    metafile: true,
    logLevel: "warning",
    // Native bindings that pg takes if they are there.
    external: ["pg-native"],
    plugins: [lazyRules, withoutXds],
  });
  if (warnings.length > 0) throw new Error("the bundler has warnings; they are above");
  return { packages: packagesOf(metafile) };
}

function packagesOf({ inputs }: Metafile): string[] {
  const folders = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)].sort().map((folder) => resolve(root, folder));
}
