// The executable's main module. It is run when the executable is built; V8's heap, as it is at the end of that, is in the executable, which
// begins with it: with the contracts read, their rules compiled, and the code of all that. Whatever depends on the machine or the
// environment is only done in runProgram().

import { startupSnapshot } from "node:v8";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { runProgram } from "../../src/program.ts";
import { roles } from "../../src/roles.ts";
import { validation } from "../../src/rpc/interceptors/validation.ts";

for (const { services } of roles) {
  validation(services);
  for (const { input, output } of services.flatMap(({ methods }) => methods)) {
    for (const message of [input, output]) fromBinary(message, toBinary(message, create(message)));
  }
}

startupSnapshot.setDeserializeMainFunction(() => void runProgram());
