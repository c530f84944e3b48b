// Goes before a program: notes each use of what differs from one process to the next, until traps.release() returns the list.
globalThis.traps = (() => {
  // Before any trap: some of them look at the environment themselves when they are loaded, to have colours.
  const [fs, os, crypto, timers, { basename }] = ["fs", "os", "crypto", "timers", "path", "assert"].map((name) =>
    require(`node:${name}`),
  );
  const filesByPromise = fs.promises;

  const used = new Set();
  const undo = [];
  /** Whether what is noted is being done: what Node does for that is not noted as well. */
  let isNoted = false;
  const noting = (label, look) => {
    if (isNoted) return look();
    used.add(label);
    isNoted = true;
    try {
      return look();
    } finally {
      isNoted = false;
    }
  };

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
      const called = typeof label === "string" ? label : label(...args);
      return noting(called, () => Reflect.apply(value, this ?? object, args));
    }
    replace(object, name, { value: Object.assign(trapped, value), writable: true });
  }

  function trapCalls(object, label, isMeant = () => true) {
    for (const name of Object.getOwnPropertyNames(object)) {
      const { value } = Object.getOwnPropertyDescriptor(object, name);
      if (typeof value === "function" && name !== "constructor" && isMeant(name))
        trapCall(object, name, `${label}.${name}`);
    }
  }

  function trapRead(object, name, label) {
    const { get, value } = Object.getOwnPropertyDescriptor(object, name) ?? { value: object[name] };
    replace(object, name, { get: () => noting(label, () => (get === undefined ? value : get.call(object))), set() {} });
  }

  /** Notes `new Class()` and Class() where `differs` says so of their arguments. */
  function trapClass(object, name, label, differs = () => true) {
    const noteIf = (args, make) => (differs(args) ? noting(label, make) : make());
    const trapped = new Proxy(object[name], {
      apply: (target, self, args) => noteIf(args, () => Reflect.apply(target, self, args)),
      construct: (target, args, newTarget) => noteIf(args, () => Reflect.construct(target, args, newTarget)),
    });
    replace(object, name, { value: trapped, writable: true });
  }

  const noteVariable = (name, found) => {
    used.add(`env.${String(name)}`);
    return found;
  };
  const env = new Proxy(process.env, {
    get: (target, name) => noteVariable(name, target[name]),
    has: (target, name) => noteVariable(name, name in target),
    getOwnPropertyDescriptor: (target, name) => noteVariable(name, Reflect.getOwnPropertyDescriptor(target, name)),
    ownKeys: (target) => noteVariable("*", Reflect.ownKeys(target)),
  });
  replace(process, "env", { value: env, writable: true });

  for (const name of ["argv", "argv0", "execArgv", "execPath", "pid", "ppid", "title", "stdin", "stdout", "stderr"]) {
    trapRead(process, name, `process.${name}`);
  }
  trapCall(process.hrtime, "bigint", "process.hrtime.bigint");
  trapCalls(process, "process", (name) =>
    /^(cwd|hrtime|uptime|umask|get(e?[ug]id|groups)|.*(Memory|Usage))$/.test(name),
  );
  const OF_THE_PLATFORM = ["arch", "endianness", "platform", "type"]; // which an executable is built for
  trapCalls(os, "os", (name) => !OF_THE_PLATFORM.includes(name));

  for (const name of Object.keys(fs)) {
    const isRead =
      /^(access|exists|l?stat|open|opendir|read|readdir|readFile|readlink|realpath|createReadStream)(Sync)?$/;
    if (isRead.test(name)) trapCall(fs, name, (path) => `fs.${name} ${basename(String(path))}`);
  }
  trapCalls(filesByPromise, "fs.promises");

  const ofChance = (name) => /^(random|generate|getRandom)/.test(name);
  trapCalls(crypto, "crypto", ofChance);
  trapCalls(Crypto.prototype, "crypto", ofChance);
  trapCall(Math, "random", "Math.random");

  trapCall(Date, "now", "Date.now");
  trapClass(globalThis, "Date", "Date", (args) => args.length === 0);
  const isLocal = (name) => !/^([gs]etUTC.*|[gs]etTime|valueOf|to(ISO|GMT|UTC)String|toJSON)$/.test(name);
  trapCalls(Date.prototype, "Date", isLocal);
  for (const name of Object.getOwnPropertyNames(Intl)) {
    if (typeof Intl[name]?.supportedLocalesOf === "function") trapClass(Intl, name, `Intl.${name}`);
  }
  trapRead(performance, "timeOrigin", "performance.timeOrigin");
  for (const name of ["now", "mark", "measure", "eventLoopUtilization", "toJSON"]) {
    trapCall(performance, name, `performance.${name}`);
  }
  const isTimer = (name) => /^set(Timeout|Interval|Immediate)$/.test(name);
  trapCalls(globalThis, "global", isTimer);
  trapCalls(timers, "timers", isTimer);
  trapRead(globalThis, "navigator", "navigator");

  return {
    release() {
      for (const back of undo.toReversed()) back();
      return [...used].sort();
    },
  };
})();
