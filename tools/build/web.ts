// Builds the pages of web/ into dist/web, which the gateway serves: node tools/build/web.ts
//
// With --serve it serves them from their source instead, and hands what is no file of theirs to a gateway that runs: a change in web/ is in
// the browser at once.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, createServer, type InlineConfig, type Rolldown } from "vite";

const web = resolve(import.meta.dirname, "../../web");
const outDir = resolve(web, "../dist/web");

const config: InlineConfig = {
  configFile: false,
  root: web,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir,
    emptyOutDir: true,
    target: "baseline-widely-available",
    assetsInlineLimit: 0, // the pages' policy lets them load files alone
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { shop: join(web, "index.html"), console: join(web, "console/index.html") },
      output: { chunkFileNames: "assets/shared-[hash].js" },
    },
  },
};

/** Builds the pages, and beside each file its compressed form. Resolves to the folders of the packages in them. */
export async function buildWeb(): Promise<string[]> {
  const { NODE_ENV } = process.env;
  const { output } = (await build(config)) as Rolldown.RolldownOutput;
  // Vite sets it to "production", and npm would leave out packages then.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  for (const { fileName } of output) {
    const file = join(outDir, fileName);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
  const modules = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
  const folders = modules.flatMap((id) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
  return [...new Set(folders)].sort();
}

/** The paths of RPCs, of REST and of the console's calls, which a gateway answers. */
const CALLS = "^/(api|console/roles|[a-z][a-z0-9.]*\\.[A-Z]\\w*)/";

async function serve(gateway: string): Promise<void> {
  const server = await createServer({
    ...config,
    logLevel: "info",
    server: {
      host: "localhost",
      fs: { allow: [resolve(web, "..")] }, // the pages use what is generated from the contracts
      proxy: { [CALLS]: { target: gateway } },
    },
  });
  await server.listen();
  server.printUrls();
}

if (import.meta.main) {
  if (process.argv.includes("--serve")) await serve(process.env.GATEWAY_URL ?? "http://localhost:8080");
  else await buildWeb();
}
