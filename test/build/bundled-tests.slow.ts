// Tests of what bundling could break, themselves bundled by the same options: patches of grpc-js, exporters, rules, drivers that are
// loaded when they are asked for.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { bundle } from "../../tools/build/bundle.ts";

const TESTS = [
  "test/telemetry/foreign-grpc.test.ts",
  "test/telemetry/export.test.ts",
  "test/telemetry/logger.test.ts",
  "test/telemetry/redaction.test.ts",
  "test/contract/validation.test.ts",
  "test/storage/database.test.ts",
  "test/storage/cache.test.ts",
];

describe("in a bundle", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tracemesh-bundled-"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const test of TESTS) {
    it(`${test} passes`, async () => {
      const outfile = join(folder, basename(test, ".ts").concat(".cjs"));
      await bundle({ entry: resolve(test), outfile });
      const mocha = ["--enable-source-maps", "node_modules/mocha/bin/mocha.js", "--reporter", "dot", outfile];
      const { stdout } = await promisify(execFile)(process.execPath, mocha).catch(({ stdout, stderr }) => {
        throw new Error(`${stdout}\n${stderr}`);
      });
      assert.match(stdout, /[1-9]\d* passing/);
    });
  }
});
