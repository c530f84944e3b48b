// Time from spawn to the first answer. Measured beside a Node that does nothing, since a busy machine slows both.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { createConnection } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { roleNames } from "../../src/roles.ts";
import { freePort } from "../../tools/test-servers/daemon.ts";
import type { Command } from "../support/role-process.ts";
import { type Built, build } from "./support/built.ts";

const ROUNDS = 7;
const EMPTY_MESSAGE = Buffer.alloc(5);
const POLL_MS = 2;
const DEADLINE_MS = 20_000;
const PROMISED_MS = { bundle: 200, executable: 100 };
/** How many times the start of an empty Node a role may take on a machine that is too busy for the promise. */
const EMPTY_STARTS = { bundle: 10, executable: 5 };

async function emptyStart(): Promise<number> {
  const begun = performance.now();
  await once(spawn(process.execPath, ["--eval", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - begun;
}

/** `signal` is how the role is ended: a clean end keeps the compiled code of a bundle, SIGKILL is quick. */
async function roleStart([program, ...args]: Command, env: NodeJS.ProcessEnv, signal: NodeJS.Signals): Promise<number> {
  const PORT = String(await freePort());
  const begun = performance.now();
  const child = spawn(program, args, { env: { ...env, PORT }, stdio: "ignore" });
  const exited = once(child, "exit");
  try {
    while (!(await accepts(PORT)) || !(await answers(PORT))) {
      assert.equal(child.exitCode, null);
      assert.ok(performance.now() - begun < DEADLINE_MS);
      await delay(POLL_MS);
    }
    return performance.now() - begun;
  } finally {
    child.kill(signal);
    await exited;
  }
}

/** Asks for little, so as not to keep a machine of few cores from what is measured. */
function accepts(port: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(Number(port), "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** Asks as a Kubernetes probe does: grpc.health.v1.Health/Check with an empty message. */
function answers(port: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const session = connect(`http://127.0.0.1:${port}`).once("error", () => resolve(false));
  const headers = {
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  };
  const call = session.request(headers).once("error", () => resolve(false));
  call.once("trailers", (trailers) => resolve(trailers["grpc-status"] === "0"));
  call.resume().end(EMPTY_MESSAGE);
  return promise.finally(() => session.destroy());
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const round = (values: readonly number[]) =>
  `${Math.round(median(values))} ms, at best ${Math.round(Math.min(...values))}`;

describe("a role", () => {
  let built: Built;
  before(async () => {
    built = await build();
  });
  after(() => built.remove());

  for (const role of roleNames) {
    for (const form of ["bundle", "executable"] as const) {
      it(`is ready in ${PROMISED_MS[form]} ms (${role}, ${form})`, async () => {
        const env = {
          ROLE: role,
          DATA_DIR: `${built.folder}/${role}`,
          NODE_COMPILE_CACHE: `${built.folder}/cache`,
          OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", // where nothing listens
        };
        await roleStart(built.commands[form], env, "SIGTERM"); // creates the database, and the cache of compiled code
        const empty: number[] = [];
        const ready: number[] = [];
        for (let i = 0; i < ROUNDS; i++) {
          empty.push(await emptyStart());
          ready.push(await roleStart(built.commands[form], env, "SIGKILL"));
        }
        console.log(`      ready in ${round(ready)}; an empty Node: ${round(empty)}`);
        assert.ok(Math.min(...ready) <= Math.max(PROMISED_MS[form], EMPTY_STARTS[form] * Math.min(...empty)));
      });
    }
  }
});
