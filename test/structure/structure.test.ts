// What holds for the tree as a whole.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { roleNames } from "../../src/roles.ts";

const MAX_LINES = 250;
const FOLDERS = ["src", "test", "tools", "bench", "web"];

/** Written by programs. */
const GENERATED = /^\/\/ @generated|^\/\/ Code generated .* DO NOT EDIT/m;
const LOCK_FILES = /(^|\/)(go\.(sum|mod)|Cargo\.lock|package-lock\.json)$/;

/** All files in these folders, by their paths from the root, except for packages that were installed there. */
function filesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes("/node_modules/")),
  );
}

const read = (file: string): string => readFileSync(file, "utf8");

/** The files of this tree that a module imports, statically or not. */
function importsOf(file: string): string[] {
  const specifiers = read(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier]) => join(dirname(file), specifier!));
}

const SOURCES = filesIn("src").filter((file) => file.endsWith(".ts"));
const PAGES = filesIn("web").filter((file) => /\.tsx?$/.test(file));
const CODE = new Set([...SOURCES, ...PAGES]);
const codeImportsOf = (file: string): string[] => importsOf(file).filter((imported) => CODE.has(imported));

/** What the parts that know nothing of the shop may import. What is not here of gen/ is the shop's. */
const PUBLIC_CONTRACTS = ["gen/buf/", "gen/google/", "gen/grpc/", "gen/mesh/v1/"];
const IMPORTS_OF_LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  http2: ["src/http2/"],
  rpc: ["src/rpc/", "src/http2/", "src/telemetry/", ...PUBLIC_CONTRACTS],
  storage: ["src/storage/", "src/telemetry/"],
  telemetry: ["src/telemetry/"],
};

/** What a module declares for others; what it passes on from another is not its own. */
const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:type|interface|const|let|function\*?|class|enum) (\w+)/gm;

/** The role whose folder a file of src/ is in. */
const roleOf = (file: string) => roleNames.find((role) => file.startsWith(`src/${role}/`));

describe("the tree", () => {
  it("is found", () => {
    assert.ok(filesIn("src").includes("src/order/saga.ts"));
    assert.deepEqual(importsOf("src/user/cached-users.ts"), ["src/storage/cache.ts", "src/user/user.ts"]);
  });

  it("has roles that import nothing of each other, and parts that import nothing of roles", () => {
    const wrong = filesIn("src")
      .filter((file) => file.endsWith(".ts") && file !== "src/roles.ts")
      .flatMap((file) => importsOf(file).map((imported) => ({ file, imported })))
      .filter(({ file, imported }) => roleOf(imported) !== undefined && roleOf(imported) !== roleOf(file));
    assert.deepEqual(wrong, []);
  });

  it("has no import circle in src/ and web/, of types neither", () => {
    const circles: string[] = [];
    const clear = new Set<string>();
    const follow = (file: string, path: readonly string[]) => {
      const at = path.indexOf(file);
      if (at >= 0) circles.push([...path.slice(at), file].join(" -> "));
      if (at >= 0 || clear.has(file)) return;
      for (const imported of codeImportsOf(file)) follow(imported, [...path, file]);
      clear.add(file);
    };
    for (const file of CODE) follow(file, []);
    assert.deepEqual(circles, []);
  });

  it("has RPC, telemetry and storage that another system could use: they import no contract of the shop and nothing around them", () => {
    const wrong = SOURCES.flatMap((file) => importsOf(file).map((imported) => ({ file, imported }))).filter(
      ({ file, imported }) => {
        const allowed = IMPORTS_OF_LIBRARIES[file.split("/")[1]!];
        return allowed !== undefined && !allowed.some((folder) => imported.startsWith(folder));
      },
    );
    assert.deepEqual(wrong, []);
  });

  it("has no two things of one name in src/", () => {
    const places = new Map<string, string[]>();
    for (const file of SOURCES) {
      for (const [, name] of read(file).matchAll(EXPORTED)) places.set(name!, [...(places.get(name!) ?? []), file]);
    }
    const shared = [...places].filter(([, files]) => files.length > 1);
    assert.deepEqual(Object.fromEntries(shared), {});
  });

  it("keeps RPC and SQL out of the rules of a role", () => {
    for (const file of [
      ...roleNames.map((role) => `src/${role}/${role}.ts`).filter((file) => existsSync(file)),
      "src/order/saga.ts",
      "src/payment/payments.ts",
    ]) {
      const foreign = [...read(file).matchAll(/from "([^"]+)"/g)]
        .map(([, specifier]) => specifier!)
        .filter((specifier) => !/^(\.\/|node:|\.\.\/(money|fault-points)\.ts$)/.test(specifier));
      assert.deepEqual(foreign, [], file);
    }
  });

  it("has what is generated in gen/ and test/gen/ alone", () => {
    const code = (file: string) => /\.[cm]?[jt]sx?$/.test(file);
    const strays = filesIn(...FOLDERS).filter(
      (file) => code(file) && !file.startsWith("test/gen/") && GENERATED.test(read(file)),
    );
    assert.deepEqual(strays, []);
    const byHand = filesIn("gen").filter((file) => /_pb\.(js|d\.ts)$/.test(file) && !GENERATED.test(read(file)));
    assert.deepEqual(byHand, []);
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const long = filesIn(...FOLDERS)
      .filter((file) => !LOCK_FILES.test(file) && !file.startsWith("test/gen/"))
      .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);
    assert.deepEqual(long, []);
  });
});
