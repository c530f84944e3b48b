// The binary in the moments for which no request is to blame: told to end while it starts, and after an error that nobody caught.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Code, createClient } from "@connectrpc/connect";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/outcomes.ts";
import { startRoleProcess } from "../support/role-process.ts";

describe("the binary", () => {
  it("ends at once, and well, when it is told to while it waits for its database", async () => {
    await using cleanup = new AsyncDisposableStack();
    const silent = createServer().listen(0, "127.0.0.1");
    cleanup.defer(() => void silent.close());
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const child = spawn(process.execPath, ["src/main.ts"], {
      env: {
        PATH: process.env.PATH,
        ROLE: "payment",
        PORT: "0",
        OTEL_SDK_DISABLED: "true",
        DATABASE_URL: `postgres://shop@127.0.0.1:${port}/shop`,
      },
      stdio: "ignore",
    });
    cleanup.defer(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    const [connection] = await once(silent, "connection");
    cleanup.defer(() => connection.destroy());
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });

  for (const [name, fault] of [
    ["was thrown", "setImmediate(() => { throw error })"],
    ["was rejected with", "Promise.reject(error)"],
  ]) {
    it(`logs an error that ${name} and that nobody caught, with nothing that is secret, and ends`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const folder = await mkdtemp(join(tmpdir(), "process-"));
      cleanup.defer(() => rm(folder, { recursive: true, force: true }));
      const preload = join(folder, "fault.mjs");
      await writeFile(
        preload,
        `process.once("SIGUSR2", () => {
          const error = Object.assign(new Error("no tok_secret for a@b.example"), { detail: "(email)=(a@b.example)" });
          ${fault};
        });`,
      );
      const role = await startRoleProcess({
        ROLE: "payment",
        DATA_DIR: folder,
        NODE_OPTIONS: `--import=${preload}`,
      });
      cleanup.defer(() => void role.kill("SIGKILL"));
      assert.equal(await role.kill("SIGUSR2"), 1);
      const line = JSON.parse(role.lines.at(-1) ?? "");
      assert.deepEqual(
        [line.level, line.message, line.error.message],
        ["error", "payment failed in a way that nobody expected", "no [redacted] for [redacted]"],
      );
      assert.doesNotMatch(role.lines.join("\n"), /tok_secret|a@b/);
    });
  }

  it("makes a log line of what a library prints by itself", async () => {
    await using cleanup = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "process-"));
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const preload = join(folder, "library.mjs");
    await writeFile(preload, 'process.once("SIGUSR2", () => console.error("a query failed for", "a@b.example"));');
    const role = await startRoleProcess({ ROLE: "payment", DATA_DIR: folder, NODE_OPTIONS: `--import=${preload}` });
    cleanup.defer(async () => assert.equal(await role.kill("SIGTERM"), 0));
    process.kill(role.pid, "SIGUSR2");
    const line = await eventually(() => JSON.parse(role.lines.find((each) => each.includes("a query failed")) ?? ""));
    assert.deepEqual([line.level, line.message], ["warn", "a query failed for [redacted]"]);
  });

  it("makes no warning of a statement whose caller has left", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tracemesh-given-up-"));
    const role = await startRoleProcess({ ROLE: "user", DATA_DIR: folder, LOG_LEVEL: "debug" });
    try {
      const other = new DatabaseSync(join(folder, "user.db"));
      other.exec("begin immediate");
      const transport = createGrpcTransport({ target: `127.0.0.1:${role.port}` });
      const users = createClient(UserService, transport);
      const late = users.createUser({ name: "A", email: "a@b.example" }, { timeoutMs: 200 });
      assert.equal((await failureOf(late)).code, Code.DeadlineExceeded);
      other.exec("rollback");
      other.close();
      transport.close();
      const printed = () =>
        role.lines.map((line) => JSON.parse(line)).filter(({ message }) => /abortion/.test(message));
      await eventually(() =>
        assert.deepEqual(
          printed().map(({ level }) => level),
          ["debug"],
        ),
      );
    } finally {
      await role.kill("SIGTERM");
      await rm(folder, { recursive: true });
    }
  });
});
