// What the tests need beside Node, npm and make comes with them: here PATH has nothing else.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { findProgram } from "../../tools/programs.ts";
import { withCurl } from "../support/with-curl.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MOCHA = join(ROOT, "node_modules/.bin/mocha");

/** npm, make and, of a system's base, a shell and of the core utilities what they and PostgreSQL's start need. */
const BASE = ["npm", "sh", "bash", "make", "env", "id", "uname", "dirname", "rm", "ln"];
const HIDDEN = ["go", "curl", "git", "psql", "redis-server", "redis-cli", "apt-get", "python3"];

describe("a machine with nothing but Node, npm and make", function () {
  this.timeout(180_000);

  let folder: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tracemesh-bare-"));
    const bin = join(folder, "bin");
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, "node"));
    for (const name of BASE) {
      const path = findProgram(name);
      assert.ok(path, name);
      symlinkSync(path, join(bin, name));
    }
    const { TEST_DATABASE_URL: _postgres, TEST_REDIS_URL: _redis, ...rest } = process.env;
    env = { ...rest, TEST_SERVERS: "fetched" };
    await runBesideServers(["-e", ""]); // fetches them the first time
    env.PATH = bin;
  });
  after(() => rmSync(folder, { recursive: true }));

  const runBesideServers = (args: readonly string[]) =>
    promisify(execFile)(process.execPath, [join(ROOT, "tools/test-servers.ts"), "--", process.execPath, ...args], {
      cwd: ROOT,
      env,
    });

  it("hides the rest", async () => {
    for (const name of HIDDEN) {
      await assert.rejects(promisify(execFile)(name, ["--version"], { env }), { code: "ENOENT" }, name);
    }
  });

  it("runs tests against a PostgreSQL and a Redis of its own", async () => {
    const { stdout } = await runBesideServers([MOCHA, "test/storage/cache.test.ts", "test/storage/postgres.test.ts"]);
    assert.match(stdout, /\d+ passing/);
    assert.doesNotMatch(stdout, /failing/);
  });

  it("says what to do where npm's registry does not answer, and leaves nothing half done", async () => {
    const tree = join(folder, "tree");
    cpSync(join(ROOT, "tools"), join(tree, "tools"), { recursive: true });
    const offline = {
      ...env,
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_fetch_retries: "0",
      npm_config_cache: join(folder, "npm"),
    };
    const args = [join(tree, "tools/test-servers.ts"), "--", "true"];
    await assert.rejects(promisify(execFile)(process.execPath, args, { env: offline }), (error: { stderr: string }) => {
      assert.match(error.stderr, /npm could not install PostgreSQL .*`npm ping` tells\.\n.*TEST_DATABASE_URL/);
      return true;
    });
    assert.deepEqual(readdirSync(join(tree, ".cache")), []);
  });

  it("does what curl would, and knows what it does not know", async () => {
    const server = createServer(async (request, response) => {
      const body = await text(request);
      const { method, url, headers } = request;
      response.writeHead(url === "/no" ? 404 : 200, { "x-answer": "1" });
      response.end(JSON.stringify([method, url, headers["content-type"], body]));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}`;
      const path = [env.PATH, withCurl().PATH?.split(delimiter).at(-1)].join(delimiter);
      const curl = async (args: string) =>
        (await promisify(execFile)("sh", ["-c", `curl ${args}`], { env: { ...env, PATH: path } })).stdout;

      assert.equal(await curl(`${url}/a`), `["GET","/a",null,""]`);
      const json = `-H "Content-Type: application/json" -d '{"a":1}'`;
      assert.equal(await curl(`-X POST ${url}/b ${json}`), `["POST","/b","application/json","{\\"a\\":1}"]`);
      assert.match(await curl(`-i ${url}/no`), /^HTTP\/1\.1 404 Not Found\r\nx-answer: 1\r\n(.*\r\n)*\r\n\["GET"/);
      await assert.rejects(curl(`--silent --show-error --fail-with-body ${url}/no`), { code: 22 });
      await assert.rejects(curl(`--insecure ${url}/a`), /Unknown option '--insecure'/);
    } finally {
      server.close();
    }
  });
});

describe("a Node that does not start", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tracemesh-pinned-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("gives way to the oldest that is supported, with what to install", async () => {
    for (const path of ["tools", "bin", "node_modules/.bin"]) mkdirSync(join(folder, path), { recursive: true });
    symlinkSync(join(ROOT, "tools/pinned-node.sh"), join(folder, "tools/pinned-node.sh"));
    writeFileSync(join(folder, "tools/oldest-node.cjs"), `console.log(${JSON.stringify(process.execPath)})`);
    writeFileSync(join(folder, "bin/npm"), "#!/bin/sh\n", { mode: 0o755 });
    const pinned = join(folder, "node_modules/.bin/node");
    const fault = "libatomic.so.1: cannot open shared object file";
    writeFileSync(pinned, `#!/bin/sh\necho "${fault}" >&2\nexit 127\n`, { mode: 0o755 });

    const env = {
      ...process.env,
      PATH: [join(folder, "bin"), join(process.execPath, ".."), process.env.PATH].join(delimiter),
    };
    const { stderr } = await promisify(execFile)("bash", [join(folder, "tools/pinned-node.sh")], { env });
    assert.match(stderr, /does not start here \(.*libatomic.*\)\. Using Node v\d+.*\n.*install libatomic/);
    const { stdout } = await promisify(execFile)(pinned, ["--version"]);
    assert.equal(stdout.trim(), process.version);
  });
});
