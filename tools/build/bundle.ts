import { resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import type { BuiltFile } from "../../src/gateway/built-pages.ts";
import { lazyRules } from "./lazy-rules.ts";
import { withPages } from "./with-pages.ts";
import { hasForeignGrpc, withoutForeignGrpc } from "./without-foreign-grpc.ts";
import { withoutXds } from "./without-xds.ts";

const root = resolve(import.meta.dirname, "../..");

export type BundleOptions = {
  /** Absolute path of the program's main module. It must not use top-level await. */
  readonly entry: string;
  /** The pages of web/ that the program shows. Default: none. */
  readonly pages?: readonly BuiltFile[];
  /** Absolute path of the CommonJS file to write. The source map goes beside it, with ".map" added. */
  readonly outfile: string;
  /** Beside those of all bundles. Default: none. */
  readonly plugins?: readonly Plugin[];
};

/** The absolute folders of all packages with code in the bundle, sorted. */
export type Bundle = { readonly packages: readonly string[] };

/**
 * Bundles a program and its packages into one file, which starts faster than many. The format is CommonJS, because only that can have a
 * code cache in an executable. Names are kept, so that stacks are readable without the source map. Throws on any error or warning.
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const small = await write(options, [withoutForeignGrpc]);
  const metafile = hasForeignGrpc(small) ? await write(options, []) : small;
  return { packages: packagesOf(metafile) };
}

async function write(options: BundleOptions, more: readonly Plugin[]): Promise<Metafile> {
  const { entry, outfile, pages = [], plugins = [] } = options;
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node26",
    // ES modules where packages have them: only of those esbuild leaves out what nobody uses. A twentieth of the start of a role.
    mainFields: ["module", "main"],
    // An executable has require(), but no module loader.
    supported: { "dynamic-import": false },
    minifySyntax: true,
    // The source text stays in memory; this halves it.
    minifyWhitespace: true,
    legalComments: "none",
    sourcemap: "linked",
    metafile: true,
    // What a package has for its developers, such as winston's coloured output about itself, stays out.
    define: { "process.env.NODE_ENV": '"production"' },
    // Fault points of tests are statements with this label.
    dropLabels: ["FAULT"],
    logLevel: "warning",
    // Native bindings that pg uses if they are installed.
    external: ["pg-native"],
    plugins: [lazyRules, withoutXds, withPages(pages), ...plugins, ...more],
  });
  if (warnings.length > 0) throw new Error("the bundler has warnings; they are above");
  return metafile;
}

function packagesOf({ inputs }: Metafile): string[] {
  const folders = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)].sort().map((folder) => resolve(root, folder));
}
