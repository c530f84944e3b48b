// Addresses that are left out for a while, because calls found the server there unavailable.
import assert from "node:assert/strict";
import { Code, createClient } from "@connectrpc/connect";
import { policies } from "../../gen/mesh/policies.js";
import type { ChannelOptions } from "../../src/rpc/client/channel-options.ts";
import { serviceConfigOf } from "../../src/rpc/client/service-config.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { ProbeService } from "../support/probe.ts";
import type { ProbeClient } from "../support/probe-client.ts";
import { answer, refuse, type Script, startScriptedServer } from "../support/scripted-server.ts";

const cleanups: (() => unknown)[] = [];

async function serve(script: Script) {
  const server = await startScriptedServer(script);
  cleanups.push(server.close);
  return server;
}

/** As the policies of a contract have it. */
const EJECTING = {
  "grpc.service_config": JSON.stringify(serviceConfigOf({ policy: policies["shop.user.v1.UserService"] })),
};

function connect(ports: readonly number[], channelOptions: ChannelOptions): ProbeClient {
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join()}`;
  const transport = createGrpcTransport({ target, channelOptions });
  cleanups.push(transport.close);
  return createClient(ProbeService, transport);
}

const many = (client: ProbeClient, count: number) => Promise.all(Array.from({ length: count }, () => client.unary({})));

describe("addresses that are unavailable", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it("get no calls for a while when five in a row found them so", async () => {
    let sick = true;
    const servers = [
      await serve((stream) => (sick ? refuse(stream, Code.Unavailable) : answer(stream))),
      await serve((stream) => answer(stream)),
    ];
    const client = connect(
      servers.map(({ port }) => port),
      EJECTING,
    );
    await eventually(async () => {
      await client.unary({}).catch(() => {});
      assert.ok(servers[0]!.calls >= 5);
    });
    const before = servers[0]!.calls;
    await many(client, 20);
    assert.equal(servers[0]!.calls, before);
    sick = false;
    await eventually(async () => {
      await client.unary({});
      assert.ok(servers[0]!.calls > before);
    });
  });

  it("are tried again by one call, and left out again if that fails", async () => {
    const servers = [
      await serve((stream) => setTimeout(() => refuse(stream, Code.Unavailable), 20)),
      await serve((stream) => answer(stream)),
    ];
    const client = connect(
      servers.map(({ port }) => port),
      EJECTING,
    );
    const tryMany = () => Promise.allSettled(Array.from({ length: 20 }, () => client.unary({})));
    await tryMany();
    const before = servers[0]!.calls;
    await eventually(async () => {
      await tryMany();
      assert.ok(servers[0]!.calls > before);
    });
    for (let i = 0; i < 5; i++) await tryMany();
    assert.equal(servers[0]!.calls, before + 1);
  });

  it("are tried again though the call that tried them never ends", async () => {
    let state: "sick" | "silent" | "well" = "sick";
    const servers = [
      await serve((stream) => {
        if (state === "sick") refuse(stream, Code.Unavailable);
        else if (state === "well") answer(stream);
      }),
      await serve((stream) => answer(stream)),
    ];
    const client = connect(
      servers.map(({ port }) => port),
      EJECTING,
    );
    const end = new AbortController();
    const tryMany = () =>
      Promise.allSettled(Array.from({ length: 20 }, () => client.unary({}, { signal: end.signal })));
    await tryMany();
    const before = servers[0]!.calls;
    state = "silent";
    let endless: Promise<unknown> | undefined;
    await eventually(() => {
      endless = tryMany();
      assert.ok(servers[0]!.calls > before);
    });
    state = "well";
    await eventually(async () => {
      await client.unary({});
      assert.ok(servers[0]!.calls > before + 2);
    });
    end.abort();
    await endless;
  });

  it("get calls all the same where too many are, or no policy says otherwise", async () => {
    for (const options of [EJECTING, {}]) {
      const servers = [1, 2, 3].map(() =>
        serve((stream, n) => (n > 8 ? answer(stream) : refuse(stream, Code.Unavailable))),
      );
      const started = await Promise.all(servers);
      const client = connect(
        started.map(({ port }) => port),
        options,
      );
      await eventually(async () => {
        await client.unary({}).catch(() => {});
        assert.ok(started.some(({ calls }) => calls > 8));
      });
      const ejected = started.filter(({ calls }) => calls === 5).length;
      // Two would be more than half of them.
      assert.equal(ejected, options === EJECTING ? 1 : 0, `${started.map(({ calls }) => calls)}`);
    }
  });
});
