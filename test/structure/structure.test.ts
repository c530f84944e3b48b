// What holds for the tree as a whole.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { roleNames } from "../../src/roles.ts";

const MAX_LINES = 250;
const FOLDERS = ["src", "test", "tools", "bench"];

/** Written by programs. */
const GENERATED = /^\/\/ @generated|^\/\/ Code generated .* DO NOT EDIT/m;
const LOCK_FILES = /(^|\/)go\.(sum|mod)$/;

/** All files in these folders, by their paths from the root. */
function filesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

const read = (file: string): string => readFileSync(file, "utf8");

/** The files of this tree that a module imports, statically or not. */
function importsOf(file: string): string[] {
  const specifiers = read(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier]) => join(dirname(file), specifier!));
}

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

  it("keeps RPC and SQL out of the rules of a role", () => {
    for (const file of [
      ...roleNames.map((role) => `src/${role}/${role}.ts`).filter((file) => existsSync(file)),
      "src/order/saga.ts",
      "src/payment/payments.ts",
    ]) {
      const foreign = [...read(file).matchAll(/from "([^"]+)"/g)]
        .map(([, specifier]) => specifier!)
        .filter((specifier) => !/^(\.\/|node:|\.\.\/money\.ts$)/.test(specifier));
      assert.deepEqual(foreign, [], file);
    }
  });

  it("has what is generated in gen/ alone", () => {
    const code = (file: string) => /\.[cm]?[jt]s$/.test(file);
    const strays = filesIn(...FOLDERS).filter((file) => code(file) && GENERATED.test(read(file)));
    assert.deepEqual(strays, []);
    const byHand = filesIn("gen").filter((file) => /_pb\.(js|d\.ts)$/.test(file) && !GENERATED.test(read(file)));
    assert.deepEqual(byHand, []);
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const long = filesIn(...FOLDERS)
      .filter((file) => !LOCK_FILES.test(file))
      .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);
    assert.deepEqual(long, []);
  });
});
