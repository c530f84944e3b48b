// A name whose addresses change under a client, as those of a headless Kubernetes Service do: a process that has a file of hosts of its own.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { eventually } from "../support/eventually.ts";
import { createProbe } from "../support/probe.ts";

const NAME = "probes.test";

describe("a name", function () {
  this.timeout(60_000);
  const cleanup = new AsyncDisposableStack();
  let hosts: string;

  before(() => {
    const folder = mkdtempSync(join(tmpdir(), "tracemesh-names-"));
    cleanup.defer(() => rmSync(folder, { recursive: true }));
    hosts = join(folder, "hosts");
  });
  after(() => cleanup.disposeAsync());

  const nameMeans = (...addresses: string[]) =>
    writeFileSync(hosts, addresses.map((address) => `${address} ${NAME}\n`).join(""));

  async function serve(host: string, port?: number) {
    const { service, seen } = createProbe();
    const server = createRpcServer({ services: [service] });
    const bound = await server.listen(port, host);
    cleanup.defer(() => server.close());
    return {
      ...server,
      port: bound,
      isCalled: (before = seen.attempts) => eventually(() => assert.ok(seen.attempts > before)),
    };
  }

  /** In a file system in which the file of hosts is the test's. */
  function startClient(port: number): ChildProcess {
    const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
    const script = `mount --bind "$HOSTS" /etc/hosts && exec "$NODE" test/faults/names/client.ts dns:///${NAME}:${port}`;
    const env = { ...process.env, HOSTS: hosts, NODE: process.execPath };
    return spawn("unshare", [...asUser, "--mount", "sh", "-c", script], { env, stdio: ["pipe", "pipe", "inherit"] });
  }

  async function endsWell(client: ChildProcess, failures: Promise<string>): Promise<void> {
    client.stdin!.end();
    assert.deepEqual(JSON.parse(await failures), []);
    if (client.exitCode === null) await once(client, "exit");
  }

  it("that loses an address and gets another one costs no call, and the new one gets its share", async () => {
    const first = await serve("127.0.0.2");
    const second = await serve("127.0.0.3", first.port);
    nameMeans("127.0.0.2", "127.0.0.3");
    const client = startClient(first.port);
    const failures = text(client.stdout!);
    await Promise.all([first.isCalled(), second.isCalled()]);

    const third = await serve("127.0.0.4", first.port);
    nameMeans("127.0.0.3", "127.0.0.4");
    await first.drain(5000);
    await Promise.all([third.isCalled(), second.isCalled()]);

    // All at once, as when a whole release is rolled back.
    const fourth = await serve("127.0.0.5", first.port);
    nameMeans("127.0.0.5");
    await Promise.all([second.drain(5000), third.drain(5000)]);
    await fourth.isCalled();
    await endsWell(client, failures);
  });

  it("that means nothing for a while costs no call as long as one of its servers is there", async () => {
    const first = await serve("127.0.0.6");
    const second = await serve("127.0.0.7", first.port);
    nameMeans("127.0.0.6", "127.0.0.7");
    const client = startClient(first.port);
    const failures = text(client.stdout!);
    await Promise.all([first.isCalled(), second.isCalled()]);

    nameMeans();
    await first.drain(5000);
    await second.isCalled();

    const third = await serve("127.0.0.8", first.port);
    nameMeans("127.0.0.8");
    await second.drain(5000);
    await third.isCalled();
    await endsWell(client, failures);
  });
});
