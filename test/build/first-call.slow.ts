// What the first call to a role costs more than the others: Node's own modules that are only loaded then.
import assert from "node:assert/strict";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus } from "../../gen/grpc/health/v1/health_pb.js";
import { roleNames } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { bundleMain } from "../../tools/build/executable.ts";
import { eventually } from "../support/eventually.ts";
import { type Command, startRoleProcess } from "../support/role-process.ts";
import { type Built, build } from "./support/built.ts";

/** Prints the modules of Node that are loaded, when asked by SIGUSR2. */
const PRELOAD = `data:text/javascript,${encodeURIComponent(
  'process.on("SIGUSR2", () => console.log(JSON.stringify({ loaded: process.moduleLoadList })));',
)}`;
/** Node's fetch, with its Headers: 15 to 30 ms, for a class of which nothing is used. */
const FETCH = "NativeModule internal/deps/undici/undici";
/** 3 ms, for a protocol that most roles are never asked over. In the bundle, packages load it with themselves. */
const HTTP1 = "NativeModule _http_server";

describe("the first call to a role", () => {
  let built: Built;
  let main: string;
  before(async () => {
    built = await build();
    main = join(built.folder, "main.cjs");
    await bundleMain(main);
  });
  after(() => built.remove());

  /** What is loaded once a role has answered its first call. */
  async function loadedBy(ROLE: string, [node, ...args]: Command): Promise<string[]> {
    const OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:9"; // where nothing listens
    const env = {
      ROLE,
      DATA_DIR: `${built.folder}/${ROLE}`,
      OTEL_SDK_DISABLED: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT,
    };
    const role = await startRoleProcess(env, [node, "--import", PRELOAD, ...args]);
    try {
      const transport = createGrpcTransport({ target: `127.0.0.1:${role.port}` });
      const { status } = await createClient(Health, transport).check({});
      transport.close();
      assert.equal(status, HealthCheckResponse_ServingStatus.SERVING);
      process.kill(role.pid, "SIGUSR2");
      return await eventually(() => {
        const line = role.lines.find((each) => each.startsWith('{"loaded"'));
        assert.ok(line);
        return (JSON.parse(line) as { loaded: string[] }).loaded;
      });
    } finally {
      await role.kill("SIGKILL");
    }
  }

  for (const role of roleNames) {
    it(`does not load Node's fetch (${role})`, async () => {
      assert.ok(!(await loadedBy(role, built.commands.bundle)).includes(FETCH));
    });

    it(`nor HTTP/1.1 in the executable (${role}), whose main module is run by itself here`, async () => {
      const loaded = await loadedBy(role, [process.execPath, main]);
      assert.deepEqual(
        [FETCH, HTTP1].filter((name) => loaded.includes(name)),
        [],
      );
    });
  }
});
