// Builds what is shipped into dist/, which git ignores: node tools/build.ts
//
//   dist/web                   the pages, which are in all of the following
//   dist/tracemesh.cjs         the program and its packages in one file, for the pinned Node; its source map is beside it
//   dist/tracemesh             one executable: Node, and the program as it is in memory when it begins
//   dist/THIRD_PARTY_NOTICES   the licences of everything in them
//   dist/sbom.cdx.json         what they are built of: a bill of software in CycloneDX
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { builtPages } from "../src/gateway/built-pages.ts";
import { bundle } from "./build/bundle.ts";
import { buildExecutable, buildingFault } from "./build/executable.ts";
import { thirdPartyNotices } from "./build/notices.ts";
import { softwareBill } from "./build/sbom.ts";
import { buildWeb } from "./build/web.ts";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");

/** The paths of what buildAll builds. */
export const ARTIFACTS = {
  bundle: join(dist, "tracemesh.cjs"),
  executable: join(dist, "tracemesh"),
  notices: join(dist, "THIRD_PARTY_NOTICES"),
  sbom: join(dist, "sbom.cdx.json"),
} as const;

/** Builds all artifacts from scratch. Throws if one cannot be built or the bundler warns. */
export async function buildAll(): Promise<void> {
  const fault = buildingFault();
  if (fault !== undefined) throw new Error(fault);
  mkdirSync(dist, { recursive: true });
  const web = await buildWeb();
  const pages = builtPages();
  const program = { entry: join(root, "src/main.ts"), outfile: ARTIFACTS.bundle, pages };
  const packages = [...new Set([...web, ...(await bundle(program)).packages])].sort();
  writeFileSync(ARTIFACTS.notices, thirdPartyNotices(packages));
  writeFileSync(ARTIFACTS.sbom, softwareBill(root, packages));
  await buildExecutable({ pages, outfile: ARTIFACTS.executable });
}

if (import.meta.main) {
  const fault = buildingFault();
  if (fault !== undefined) {
    console.error(fault);
    process.exit(1);
  }
  await buildAll();
  for (const file of Object.values(ARTIFACTS)) {
    const megabytes = (statSync(file).size / 1e6).toFixed(1);
    console.log(`${relative(process.cwd(), file)}  ${megabytes} MB`);
  }
}
