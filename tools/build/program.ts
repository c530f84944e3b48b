import { Script } from "node:vm";

type Main = (require: (name: string) => unknown, module: object, exports: object, file: string, folder: string) => void;

export type Program = {
  run(): void;
  /** V8's compiled code of all functions that have run so far, for a later start of the same text on the same Node. */
  compiledCode(): Buffer;
};

const PARAMETERS = "(function (require, module, exports, __filename, __dirname) {";

/**
 * A program from the text of its bundle, which must be ASCII. It can require Node's own modules. V8 ignores compiled code that does not
 * fit, such as code that was compiled with other V8 flags.
 */
export function createProgram(text: string, compiledCode?: Buffer): Program {
  const script = new Script(`${PARAMETERS}${text}\n})`, {
    filename: "tracemesh.cjs",
    // Makes positions in stacks those of the bundle.
    columnOffset: -PARAMETERS.length,
    cachedData: compiledCode,
  });
  return {
    run() {
      const main: Main = script.runInThisContext();
      const module = { exports: {} };
      main(requireBuiltin, module, module.exports, process.execPath, ".");
    },
    compiledCode: () => script.createCachedData(),
  };
}

function requireBuiltin(name: string): unknown {
  const module = process.getBuiltinModule(name);
  if (module === undefined) throw new Error(`${name} is not part of this executable`);
  return module;
}
