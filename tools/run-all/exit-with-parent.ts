// Preloaded into each process that run-all starts. Its standard input is a pipe from run-all, which closes when run-all ends, whatever the
// reason. The process then stops as if it had been told to, so that nothing is left behind that holds a port.
const FORCE_AFTER_MS = 15_000;

process.stdin.on("end", () => {
  // Nobody reads what the drain still logs; that must not end the process.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(1), FORCE_AFTER_MS).unref();
});
process.stdin.resume();
// Listening must not keep the process alive.
if ("unref" in process.stdin) process.stdin.unref();
