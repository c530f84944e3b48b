// What the first call to a role costs more than the others: Node's own modules that are only loaded then.
import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus } from "../../gen/grpc/health/v1/health_pb.js";
import { roleNames } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { startRoleProcess } from "../support/role-process.ts";
import { type Built, build } from "./support/built.ts";

/** Prints the modules of Node that are loaded, when asked by SIGUSR2. */
const PRELOAD = `data:text/javascript,${encodeURIComponent(
  'process.on("SIGUSR2", () => console.log(JSON.stringify({ loaded: process.moduleLoadList })));',
)}`;
/** Node's fetch, with its Headers: 15 to 30 ms, for a class of which nothing is used. */
const FETCH = "NativeModule internal/deps/undici/undici";

describe("the first call to a role", () => {
  let built: Built;
  before(async () => {
    built = await build();
  });
  after(() => built.remove());

  for (const ROLE of roleNames) {
    it(`does not load Node's fetch (${ROLE})`, async () => {
      const [node, ...args] = built.commands.bundle;
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
        const loaded = await eventually(() => {
          const line = role.lines.find((each) => each.startsWith('{"loaded"'));
          assert.ok(line);
          return (JSON.parse(line) as { loaded: string[] }).loaded;
        });
        assert.ok(!loaded.includes(FETCH));
      } finally {
        await role.kill("SIGKILL");
      }
    });
  }
});
