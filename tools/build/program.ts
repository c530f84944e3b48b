import { Script } from "node:vm";

type Main = (require: (name: string) => unknown, module: object, exports: object, file: string, folder: string) => void;

export type Program = {
  run(): void;
  /** V8's compiled code of all functions that ran so far, for another start of the same text on the same Node. */
  compiledCode(): Buffer;
};

const PARAMETERS = "(function (require, module, exports, __filename, __dirname) {";

/**
 * A program from the text of its bundle, in ASCII, that can require Node's own modules. Compiled code that does not fit, as with other V8
 * flags, is not used.
 */
export function createProgram(text: string, compiledCode?: Buffer): Program {
  const script = new Script(`${PARAMETERS}${text}\n})`, {
    filename: "tracemesh.cjs",
    // So that positions in stacks are those of the bundle.
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
