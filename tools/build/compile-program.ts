// Runs a bundle and, when it ends, writes the code that V8 compiled for it: node tools/build/compile-program.ts BUNDLE FILE
import { readFileSync, writeFileSync } from "node:fs";
import { createProgram } from "./program.ts";

const [bundle, file] = process.argv.slice(2);
if (bundle === undefined || file === undefined) throw new Error("usage: compile-program.ts BUNDLE FILE");
const program = createProgram(readFileSync(bundle, "latin1"));
process.once("exit", () => writeFileSync(file, program.compiledCode()));
program.run();
