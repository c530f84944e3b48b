import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { createClient } from "redis";

const PROGRAM = join(import.meta.dirname, "../../tools/test-servers.ts");
const PRINT_URLS = "console.log(process.env.TEST_DATABASE_URL, process.env.TEST_REDIS_URL);";
/** Signals are handled, so the command decides how it ends. */
const WAIT_FOR_SIGTERM = "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000);";

function start(script: string, env: NodeJS.ProcessEnv = {}) {
  const { TEST_DATABASE_URL, TEST_REDIS_URL, ...inherited } = process.env;
  const child = spawn(process.execPath, [PROGRAM, "--", process.execPath, "-e", script], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "close") as Promise<[number | null]>;
  return { child, exit };
}

const selectOne = async (connectionString: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query("select 1 as one");
  await client.end();
  return rows;
};

const ping = async (url: string): Promise<string> => {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  const reply = await client.ping();
  await client.close();
  return reply;
};

describe("test servers", () => {
  it("are there while the command runs and gone after it, whose exit status is kept", async () => {
    const { child, exit } = start(`${PRINT_URLS} ${WAIT_FOR_SIGTERM}`);
    const [line] = await once(child.stdout, "data");
    const [databaseUrl = "", redisUrl = ""] = String(line).trim().split(" ");
    assert.deepEqual(await selectOne(databaseUrl), [{ one: 1 }]);
    assert.equal(await ping(redisUrl), "PONG");

    child.kill("SIGTERM");
    assert.deepEqual(await exit, [7, null]);
    await assert.rejects(selectOne(databaseUrl), { code: "ECONNREFUSED" });
    await assert.rejects(ping(redisUrl), { code: "ECONNREFUSED" });
  });

  it("are not started where there are some already", async () => {
    const urls = { TEST_DATABASE_URL: "postgresql://elsewhere/db", TEST_REDIS_URL: "redis://elsewhere" };
    const { child, exit } = start(PRINT_URLS, urls);
    assert.equal(await text(child.stdout), "postgresql://elsewhere/db redis://elsewhere\n");
    assert.deepEqual(await exit, [0, null]);
  });

  it("are stopped when the command cannot be run", async () => {
    const child = spawn(process.execPath, [PROGRAM, "--", "/no/such/program"], { stdio: ["ignore", "ignore", "pipe"] });
    const exit = once(child, "close");
    assert.match(await text(child.stderr), /cannot run \/no\/such\/program/);
    assert.deepEqual(await exit, [127, null]);
  });
});
