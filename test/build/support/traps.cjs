// Goes before a program: notes each use of what differs from one process to the next, until traps.release() returns the list.
globalThis.traps = (() => {
  const used = new Set();
  const undo = [];

  function trap(object, name, label) {
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    const value = object[name];
    const noting = (result) => {
      used.add(label);
      return result;
    };
    // A function may be kept for later; it is its result that differs.
    if (typeof value === "function") {
      const trapped = (...args) => noting(value.apply(object, args));
      Object.defineProperty(object, name, { value: Object.assign(trapped, value), configurable: true, writable: true });
    } else Object.defineProperty(object, name, { get: () => noting(value), set() {}, configurable: true });
    undo.push(() =>
      descriptor === undefined ? Reflect.deleteProperty(object, name) : Object.defineProperty(object, name, descriptor),
    );
  }

  const { env } = process;
  const noted = (name, found) => {
    used.add(`env.${String(name)}`);
    return found;
  };
  const watched = new Proxy(env, {
    get: (target, name) => noted(name, target[name]),
    has: (target, name) => noted(name, name in target),
    ownKeys: (target) => noted("*", Reflect.ownKeys(target)),
  });
  const descriptor = Object.getOwnPropertyDescriptor(process, "env");
  Object.defineProperty(process, "env", { value: watched, configurable: true, writable: true });
  undo.push(() => Object.defineProperty(process, "env", descriptor));

  for (const name of ["argv", "execArgv", "pid", "ppid", "cwd", "hrtime", "uptime"])
    trap(process, name, `process.${name}`);
  const os = require("node:os");
  for (const name of ["hostname", "cpus", "homedir", "tmpdir", "networkInterfaces", "totalmem", "userInfo"]) {
    trap(os, name, `os.${name}`);
  }
  const crypto = require("node:crypto");
  for (const name of ["randomBytes", "randomFillSync", "randomUUID", "randomInt"]) trap(crypto, name, `crypto.${name}`);
  trap(Math, "random", "Math.random");
  trap(Date, "now", "Date.now");
  trap(performance, "timeOrigin", "performance.timeOrigin");
  trap(performance, "now", "performance.now");
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) trap(globalThis, name, name);

  return {
    release() {
      for (const back of undo) back();
      return [...used].sort();
    },
  };
})();
