// Adds a service to the shop: make new SERVICE=stock. Writes its contract, its folder, its test and its line in the list of roles; what is
// generated of them, `make new` generates afterwards.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { policies } from "../gen/mesh/policies.js";
import { PUBLIC_GRPC_PORT } from "./manifests/base.ts";
import { namesOf } from "./new-service/names.ts";
import { withRole } from "./new-service/registry.ts";
import { newFiles } from "./new-service/template.ts";

const FIRST_PORT = 8080;

const root = resolve(import.meta.dirname, "..");
const registry = join(root, "src/roles.ts");

try {
  const names = namesOf(process.argv[2] ?? "", root);
  const port = freePort();
  const files = newFiles(names, port);
  const roles = withRole(readFileSync(registry, "utf8"), names);
  for (const { path, content } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { flag: "wx" });
  }
  writeFileSync(registry, roles);
  const code = files.map(({ path }) => path).filter((path) => path.endsWith(".ts"));
  // Names are as long as they are, and imports are in the order of their names.
  execFileSync(
    join(root, "node_modules/.bin/biome"),
    ["check", "--write", "--log-level=error", "src/roles.ts", ...code],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  console.log(`The ${names.kebab} service, at port ${port}:\n`);
  for (const { path } of files) console.log(`  ${path}`);
  console.log("\n  src/roles.ts: one more role\n");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** The first port after those of the contracts. */
function freePort(): number {
  const taken = new Set([...Object.values(policies).map(({ port }) => port), PUBLIC_GRPC_PORT]);
  let port = FIRST_PORT;
  while (taken.has(port)) port++;
  return port;
}
