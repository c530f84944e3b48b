import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { roles } from "../../src/roles.ts";
import { callersFirst } from "../../tools/call-order.ts";
import { LISTENERS } from "../../tools/run-all/settings.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts, isFree, type Ports, type RunAll, SERVING, startRunAll } from "../support/run-all.ts";
import { withCurl } from "../support/with-curl.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("run-all", function () {
  this.timeout(60_000);

  let dataDir: string;
  let ports: Ports;
  const started: RunAll[] = [];

  function start(): RunAll {
    const shop = startRunAll(dataDir, ports);
    started.push(shop);
    return shop;
  }

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "tracemesh-run-all-"));
    ports = await freePorts();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((shop) => shop.stop()));
    await rm(dataDir, { recursive: true });
  });

  it("tells where everything is; the commands it prints work, and their logs follow", async () => {
    const shop = start();
    await shop.printed(SERVING);

    const table = /^ {2}ROLE [\s\S]*?\n\n/m.exec(shop.output())?.[0];
    assert.deepEqual(
      table
        ?.trim()
        .split("\n")
        .map((row) => row.trim().split(/ {3,}/)),
      [["ROLE", "ADDRESS", "STATE"], ...LISTENERS.map((name) => [name, shop.url(name), "ready"])],
    );
    assert.ok(
      shop.output().includes(`\n\nThe shop: ${shop.url("gateway")}\nIts console: ${shop.url("gateway")}/console\n\n`),
    );
    for (const path of ["/", "/console"]) {
      const page = await fetch(shop.url("gateway") + path);
      assert.match(await page.text(), /<title>tracemesh (shop|console)<\/title>/);
    }
    const [getUser = "", createOrder = ""] = commandsOf(shop);
    assert.deepEqual(await answerOf(getUser), { id: 123, name: "User 123", email: "user123@example.com" });
    const { order_id, ...order } = await answerOf(createOrder);
    assert.match(String(order_id), UUID);
    assert.deepEqual(order, { status: "created", total: { minor_units: "10997", currency: "USD" } });
    const [line] = await shop.printed(/^order +\| .*CreateOrder.*$/m);
    assert.match(line, /trace_id=[0-9a-f]{32}/);
    const dashboard = await fetch(shop.url("dashboard"));
    assert.match(await dashboard.text(), /<title>tracemesh<\/title>/);
  });

  it("drains who calls before who is called on Ctrl-C, and exits with 0", async () => {
    const shop = start();
    await shop.printed(SERVING);
    shop.signal("SIGINT");
    assert.equal(await shop.exited, 0);
    const stops = [...shop.output().matchAll(/^ {2}([\w-]+) stopped in /gm)].map(([, name]) => name);
    assert.deepEqual(stops, [...callersFirst, "dashboard"]);
    assert.deepEqual(await takenPorts(), []);
  });

  it("exits with 0 on a Ctrl-C while it still starts", async () => {
    const shop = start();
    await shop.printed(/^Starting /m);
    shop.signal("SIGINT");
    assert.equal(await shop.exited, 0, shop.output());
    assert.deepEqual(await takenPorts(), []);
  });

  it("ends at once on a second Ctrl-C, though a request still runs", async () => {
    const shop = start();
    await shop.printed(SERVING);
    const socket = await unfinishedRequest(ports.gateway);
    try {
      shop.signal("SIGINT");
      await shop.printed(/^gateway +\| .* drains /m);
      let code: number | null | undefined;
      shop.exited.then((exit) => {
        code = exit;
      });
      await eventually(() => {
        shop.signal("SIGINT");
        assert.equal(code, 130);
      });
      assert.doesNotMatch(shop.output(), / {2}gateway stopped/);
      await eventually(async () => assert.deepEqual(await takenPorts(), []));
    } finally {
      socket.destroy();
    }
  });

  it("keeps orders and their traces over a restart", async () => {
    const first = start();
    await first.printed(SERVING);
    const { order_id: id } = await answerOf(commandsOf(first)[1] ?? "");
    const created = await getJson(`${first.url("gateway")}/api/orders/${id}`);
    await first.stop();

    const second = start();
    await second.printed(SERVING);
    assert.deepEqual(await getJson(`${second.url("gateway")}/api/orders/${id}`), created);
    assert.equal(Object(created).order_id, id);
    const { traceCount } = Object(await getJson(`${second.url("dashboard")}/api/stats`));
    assert.ok(traceCount >= 1, `${traceCount} traces`);
    const owners = roles.filter(({ stores }) => stores.includes("database")).map(({ name }) => name);
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name.endsWith(".db")).sort(),
      [...owners, "telemetry"].map((name) => `${name}.db`).sort(),
    );
  });

  it("names a port that is taken and what to set, before it starts anything", async () => {
    const holder = createServer().listen(ports.order, "127.0.0.1");
    await once(holder, "listening");
    try {
      const shop = start();
      assert.equal(await shop.exited, 1);
      const lines = shop.output().split("\n");
      assert.match(lines[0] ?? "", new RegExp(`^Port ${ports.order} \\(order\\) is taken`));
      if (process.platform === "linux") assert.match(lines[0] ?? "", new RegExp(` by pid ${process.pid} \\(`));
      assert.equal(lines[1], `Free it, or choose another: ORDER_PORT=${ports.order + 10_000} make run-all`);
      assert.deepEqual(lines.slice(2), [""]);
    } finally {
      holder.close();
    }
  });

  it("names a port that only ::1 has, since localhost may mean that", async () => {
    const holder = createServer().listen(ports.user, "::1");
    const [event] = await Promise.race([once(holder, "listening").then(() => ["up"]), once(holder, "error")]);
    if (event !== "up") return; // a machine without IPv6
    try {
      const shop = start();
      assert.equal(await shop.exited, 1);
      assert.match(shop.output(), new RegExp(`^Port ${ports.user} \\(user\\) is taken`));
    } finally {
      holder.close();
    }
  });

  it("stops the whole and exits with 1 when a role ends, naming it with its last lines", async () => {
    await writeFile(join(dataDir, "payment.db"), "this is no database, and SQLite will say so ".repeat(100));
    const shop = start();
    assert.equal(await shop.exited, 1);
    assert.match(
      shop.output(),
      /^payment ended with exit code 1\. Its last lines:\n(?: {2}.*\n)* {2}.*not a database$/m,
    );
    assert.deepEqual(await takenPorts(), []);
  });

  it("leaves no process behind when it is killed", async () => {
    const shop = start();
    await shop.printed(SERVING);
    shop.signal("SIGKILL");
    assert.equal(await shop.exited, null);
    await eventually(async () => assert.deepEqual(await takenPorts(), []), { timeoutMs: 15_000 });
  });

  it("reports every fault of its settings at once", async () => {
    ports = { ...ports, gateway: 70_000, order: ports.user };
    const shop = start();
    assert.equal(await shop.exited, 1);
    assert.equal(
      shop.output(),
      `GATEWAY_PORT=70000 is no port (1 to 65535)\nORDER_PORT and USER_PORT are both ${ports.user}\n`,
    );
  });

  async function takenPorts(): Promise<number[]> {
    const free = await Promise.all(Object.values(ports).map(isFree));
    return Object.values(ports).filter((_, i) => !free[i]);
  }
});

/** The two lines to try, as they are printed. */
const commandsOf = (shop: RunAll): string[] =>
  shop
    .output()
    .split("\n")
    .filter((line) => line.startsWith("curl "));

async function answerOf(command: string): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { env: withCurl() });
  return JSON.parse(stdout);
}

/** A request that the gateway has begun to read, and whose body does not come. */
async function unfinishedRequest(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  const head = [
    "POST /api/orders HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    "Content-Length: 100",
  ];
  socket.on("error", () => {});
  socket.write([...head, "Expect: 100-continue", "", ""].join("\r\n"));
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1\.1 100 /);
  return socket;
}

async function getJson(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}
