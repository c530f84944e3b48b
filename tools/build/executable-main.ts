// The executable's main module. It is run when the executable is built; V8's heap, as it is at the end of that, is in the executable, which
// begins with it: with the contracts read, their rules compiled, and the code of all that. Whatever depends on the machine or the
// environment is only done in runProgram(). Run by itself, it is the program.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startupSnapshot } from "node:v8";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { runProgram } from "../../src/program.ts";
import { roles } from "../../src/roles.ts";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { compileFunctions, type FunctionEnd, REHEARSED } from "./compile-functions.ts";

if (startupSnapshot.isBuildingSnapshot()) {
  warm();
  compileRehearsed();
  startupSnapshot.setDeserializeMainFunction(() => void runProgram());
} else {
  void runProgram();
}

function warm(): void {
  process.getBuiltinModule("node:cluster"); // for Node itself, which asks it whenever somebody listens
  for (const { services } of roles) {
    validation(services);
    for (const { input, output } of services.flatMap(({ methods }) => methods)) {
      for (const message of [input, output]) fromBinary(message, toBinary(message, create(message)));
    }
  }
}

/** What a start runs is in the executable as bytecode, which saves a sixth of it. All functions so would be 5 MB, and take longer to load. */
function compileRehearsed(): void {
  const ends = JSON.parse(readFileSync(join(__dirname, REHEARSED), "utf8")) as FunctionEnd[];
  compileFunctions(__filename, readFileSync(__filename, "utf8"), ends);
}
