// Preloaded into each process that run-all starts: its standard input is a pipe from run-all, which ends when run-all does,
// however that came about. The process then stops as if it were told to, so that nothing is left behind holding a port.
const FORCE_AFTER_MS = 15_000;

process.stdin.on("end", () => {
  // What a drain still logs has no reader any more; that must not end it.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(1), FORCE_AFTER_MS).unref();
});
process.stdin.resume();
// It is only listened to: it must not keep the process alive.
if ("unref" in process.stdin) process.stdin.unref();
