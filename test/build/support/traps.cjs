// Goes before a program: notes each use of what differs from one process to the next, until traps.release() returns the list.
globalThis.traps = (() => {
  const used = new Set();
  const undo = [];
  const note = (label) => void used.add(label);

  function replace(object, name, descriptor) {
    const before = Object.getOwnPropertyDescriptor(object, name);
    Object.defineProperty(object, name, { ...descriptor, configurable: true });
    undo.push(() =>
      before === undefined ? Reflect.deleteProperty(object, name) : Object.defineProperty(object, name, before),
    );
  }

  /** Notes each call of a function. One that is kept for later may be read: it is its result that differs. */
  function trapCall(object, name, label) {
    const value = object[name];
    function trapped(...args) {
      note(typeof label === "string" ? label : label(...args));
      return Reflect.apply(value, this ?? object, args);
    }
    replace(object, name, { value: Object.assign(trapped, value), writable: true });
  }

  function trapRead(object, name, label) {
    const { get, value } = Object.getOwnPropertyDescriptor(object, name) ?? { value: object[name] };
    const read = () => {
      note(label);
      return get === undefined ? value : get.call(object);
    };
    replace(object, name, { get: read, set() {} });
  }

  /** Notes `new Class()` and Class() where `differs` says so of their arguments. */
  function trapClass(object, name, label, differs = () => true) {
    const noteIf = (args) => differs(args) && note(label);
    const trapped = new Proxy(object[name], {
      apply(target, self, args) {
        noteIf(args);
        return Reflect.apply(target, self, args);
      },
      construct(target, args, newTarget) {
        noteIf(args);
        return Reflect.construct(target, args, newTarget);
      },
    });
    replace(object, name, { value: trapped, writable: true });
  }

  const noteVariable = (name, found) => {
    note(`env.${String(name)}`);
    return found;
  };
  const env = new Proxy(process.env, {
    get: (target, name) => noteVariable(name, target[name]),
    has: (target, name) => noteVariable(name, name in target),
    getOwnPropertyDescriptor: (target, name) => noteVariable(name, Reflect.getOwnPropertyDescriptor(target, name)),
    ownKeys: (target) => noteVariable("*", Reflect.ownKeys(target)),
  });
  replace(process, "env", { value: env, writable: true });

  for (const name of ["argv", "execArgv", "pid", "ppid", "title", "stdin", "stdout", "stderr"]) {
    trapRead(process, name, `process.${name}`);
  }
  trapCall(process.hrtime, "bigint", "process.hrtime.bigint");
  const ofProcess = [
    "cwd",
    "hrtime",
    "uptime",
    "umask",
    "getuid",
    "geteuid",
    "memoryUsage",
    "cpuUsage",
    "availableMemory",
  ];
  for (const name of ofProcess) trapCall(process, name, `process.${name}`);

  const os = require("node:os");
  const OF_THE_PLATFORM = new Set(["arch", "endianness", "platform", "type"]); // which an executable is built for
  for (const name of Object.keys(os)) {
    if (typeof os[name] === "function" && !OF_THE_PLATFORM.has(name)) trapCall(os, name, `os.${name}`);
  }
  const fs = require("node:fs");
  const { basename } = require("node:path");
  for (const name of ["existsSync", "readdirSync", "readFileSync", "readlinkSync", "realpathSync", "statSync"]) {
    trapCall(fs, name, (path) => `fs.${name} ${basename(String(path))}`);
  }

  const crypto = require("node:crypto");
  for (const name of ["randomBytes", "randomFillSync", "randomUUID", "randomInt"])
    trapCall(crypto, name, `crypto.${name}`);
  for (const name of ["randomUUID", "getRandomValues"]) trapCall(Crypto.prototype, name, `crypto.${name}`);
  trapCall(Math, "random", "Math.random");

  trapCall(Date, "now", "Date.now");
  trapClass(globalThis, "Date", "Date", (args) => args.length === 0);
  trapCall(Date.prototype, "getTimezoneOffset", "Date.getTimezoneOffset");
  trapClass(Intl, "DateTimeFormat", "Intl.DateTimeFormat");
  trapRead(performance, "timeOrigin", "performance.timeOrigin");
  trapCall(performance, "now", "performance.now");
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) trapCall(globalThis, name, name);
  trapRead(globalThis, "navigator", "navigator");

  return {
    release() {
      for (const back of undo.toReversed()) back();
      return [...used].sort();
    },
  };
})();
