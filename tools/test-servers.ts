// Runs a command beside a real PostgreSQL and a real Redis of its own: node tools/test-servers.ts -- mocha
// The command gets their addresses as TEST_DATABASE_URL and TEST_REDIS_URL; of those set already, the server is not started. What this machine
// does not have installed is fetched once, without root; with TEST_SERVERS=fetched, what it has is, too.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { startPostgres } from "./test-servers/postgres.ts";
import { startRedis } from "./test-servers/redis.ts";
import type { TestServer } from "./test-servers/server.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const separator = process.argv.indexOf("--");
const [command, ...args] = separator < 0 ? [] : process.argv.slice(separator + 1);
if (command === undefined) {
  process.stderr.write("usage: node tools/test-servers.ts -- <command> [argument...]\n");
  process.exit(2);
}

process.exitCode = await withServers((env) => run(command, args, env));

async function withServers(body: (env: Record<string, string>) => Promise<number>): Promise<number> {
  let interrupted = 0;
  const onSignal = (_: NodeJS.Signals, number: number): void => {
    interrupted ||= 128 + number;
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const env: Record<string, string> = {};
  const servers: TestServer[] = [];

  async function provide(name: string, start: () => Promise<TestServer>): Promise<void> {
    if (process.env[name]) return;
    const server = await start();
    servers.push(server);
    env[name] = server.url;
  }

  try {
    const started = await Promise.allSettled([
      provide("TEST_DATABASE_URL", () => startPostgres()),
      provide("TEST_REDIS_URL", startRedis),
    ]);
    const failures = started.filter((result) => result.status === "rejected");
    for (const { reason } of failures) process.stderr.write(`${reason instanceof Error ? reason.message : reason}\n`);
    if (failures.length > 0) return 1;
    return interrupted || (await body(env));
  } finally {
    await Promise.all(servers.map((server) => server.remove()));
  }
}

/** The exit status of the command, in a shell's manner. */
function run(program: string, programArgs: string[], env: Record<string, string>): Promise<number> {
  const child = spawn(program, programArgs, { stdio: "inherit", env: { ...process.env, ...env } });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // A terminal sends ^C to the command too; twice would mean "at once".
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once("error", (error) => {
    process.stderr.write(`cannot run ${program}: ${error.message}\n`);
    resolve(127);
  });
  child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  return promise;
}
