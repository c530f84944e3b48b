// What one caller may cost at the edge, and that others do not feel it.
import assert from "node:assert/strict";
import type { StreamsRequest } from "../client/protocol.ts";
import { type ConnectionManager, config } from "../support/envoy.ts";
import { readyPod } from "../support/kube.ts";
import { agentOf, edge, ORDER } from "../support/shop.ts";

const GET_USER = "shop.gateway.v1.ShopService/GetUser";
const edgePod = () => readyPod("gateway.networking.k8s.io/gateway-name=edge");

/** What the edge says to a request that is written as it stands, which no HTTP library would send: status line and headers. */
async function answerTo(path: string): Promise<{ status: number; location: string | undefined }> {
  const outside = await agentOf("outside");
  const { ip } = await edgePod();
  const text = `GET ${path} HTTP/1.1\r\nHost: ${ip}\r\nConnection: close\r\n\r\n`;
  const answer = await outside.tcp({ host: ip, port: 80, text });
  return { status: Number(answer.split(" ")[1]), location: /^location: (.*)\r$/m.exec(answer)?.[1] };
}

async function statusWith(headers: Record<string, string>): Promise<number> {
  const outside = await agentOf("outside");
  return (await outside.http({ url: `${(await edge()).rest}/api/users/1`, headers })).status;
}

async function streams(request: Pick<StreamsRequest, "count" | "batch" | "reset">) {
  const outside = await agentOf("outside");
  return outside.streams({ host: (await edgePod()).ip, port: 8090, path: `/${GET_USER}`, ...request });
}

/** An order and a gRPC call by others, at the same time as `attack`: they are to go through. */
async function othersAreServedDuring<T>(attack: () => Promise<T>): Promise<T> {
  const outside = await agentOf("outside");
  const { rest, grpc } = await edge();
  const headers = { "content-type": "application/json" };
  const loads = [
    await outside.load({ target: grpc, method: GET_USER, message: { id: 1 } }, 1),
    await outside.load({ url: `${rest}/api/orders`, method: "POST", headers, body: ORDER }, 1),
  ];
  const result = await attack();
  for (const load of loads) {
    const { calls, failures } = await load.end();
    assert.ok(calls > 0);
    assert.deepEqual(failures, []);
  }
  return result;
}

const headersOf = (count: number, bytes = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-filler-${i}`, "x".repeat(bytes)]));

const GUARDS = {
  use_remote_address: true,
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: "UNESCAPE_AND_REDIRECT",
  max_request_headers_kb: 8,
  request_timeout: "30s",
  request_headers_timeout: "10s",
  stream_idle_timeout: "300s",
  common_http_protocol_options: {
    idle_timeout: "3600s",
    max_headers_count: 100,
    headers_with_underscores_action: "REJECT_REQUEST",
  },
  http2_protocol_options: {
    max_concurrent_streams: 100,
    initial_stream_window_size: 65536,
    initial_connection_window_size: 1048576,
  },
};

/** What a connection manager has of the fields that GUARDS names. */
const guards = (manager: ConnectionManager) =>
  Object.fromEntries(Object.keys(GUARDS).map((field) => [field, manager[field as keyof ConnectionManager]]));

describe("limits of the edge", () => {
  it("are in its Envoy as Envoy's guidance has them", async () => {
    const { listeners, clusters, bootstrap } = await config(await edgePod());
    const own = listeners.filter(({ name }) => /_(80|8090)$/.test(name));
    assert.equal(own.length, 2);
    for (const { per_connection_buffer_limit_bytes, filter_chains } of own) {
      assert.equal(per_connection_buffer_limit_bytes, 32768);
      const managers = filter_chains
        .flatMap(({ filters }) => filters.map(({ typed_config }) => typed_config))
        .filter((filter) => filter["@type"].endsWith(".HttpConnectionManager"));
      assert.deepEqual(managers.map(guards), [GUARDS]);
    }
    const roles = clusters.filter(({ name }) => name.startsWith("outbound|"));
    assert.notEqual(roles.length, 0);
    for (const { per_connection_buffer_limit_bytes } of roles) assert.equal(per_connection_buffer_limit_bytes, 32768);
    const monitors = bootstrap.overload_manager?.resource_monitors.map(({ typed_config }) => typed_config) ?? [];
    assert.deepEqual(
      monitors.map((monitor) => (monitor as Record<string, unknown>).max_active_downstream_connections),
      ["10000"],
    );
    const runtime = Object.assign({}, ...(bootstrap.layered_runtime?.layers ?? []).map((l) => l.static_layer ?? {}));
    assert.equal(Number(runtime["http.max_requests_per_io_cycle"]), 1);
    assert.equal(Number(runtime["overload.premature_reset_total_stream_count"]), 500);
  });

  it("refuse a request with too many headers, or too large ones", async () => {
    assert.equal(await statusWith(headersOf(50)), 200);
    assert.equal(await statusWith(headersOf(200)), 431);
    assert.equal(await statusWith(headersOf(10, 1000)), 431);
  });

  it("refuse them over gRPC too", async () => {
    const outside = await agentOf("outside");
    const { grpc: target } = await edge();
    const codes: string[] = [];
    for (const headers of [headersOf(50), headersOf(200), headersOf(10, 1000)]) {
      codes.push((await outside.grpc({ target, method: GET_USER, message: { id: 1 }, headers })).code);
    }
    assert.deepEqual(codes, ["OK", "INTERNAL", "INTERNAL"]);
  });

  it("refuse a header's name with an underscore, which some servers take for a hyphen", async () => {
    const outside = await agentOf("outside");
    const { grpc: target } = await edge();
    assert.equal(await statusWith({ "x-user": "1" }), 200);
    assert.equal(await statusWith({ x_user: "1" }), 400);
    const { code } = await outside.grpc({ target, method: GET_USER, message: { id: 1 }, headers: { x_user: "1" } });
    assert.equal(code, "INTERNAL");
  });

  it("know paths only as they are meant", async () => {
    const users = ["/api/users/1", "//api//users/1", "/api/orders/../users/1", "/api/./users/%31"];
    for (const path of users) assert.equal((await answerTo(path)).status, 200, path);
    const disguised = await answerTo("/api%2Fusers%2F1");
    assert.deepEqual(disguised, { status: 307, location: "/api/users/1" });
    // Outside of what the routes let in, in whatever disguise.
    const hidden = "shop.gateway.v1.ShopService/GetUser";
    for (const path of [`/api/../${hidden}`, `/api/%2e%2e/${hidden}`])
      assert.equal((await answerTo(path)).status, 404, path);
    assert.deepEqual(await answerTo(`/api/..%2F${hidden}`), { status: 307, location: `/${hidden}` });
  });

  it("are 100 streams a connection: a client that opens more is hung up on, one that heeds the limit waits for its turn", async () => {
    assert.deepEqual(await streams({ count: 100, reset: false }), { opened: 100, refused: {}, ended: false });
    const { ended, opened } = await othersAreServedDuring(() => streams({ count: 1000, reset: false }));
    assert.ok(ended && opened < 1000, `${opened} streams, ended: ${ended}`);
    const outside = await agentOf("outside");
    const outcomes = await outside.grpcMany(
      { target: (await edge()).grpc, method: GET_USER, message: { id: 1 } },
      300,
      300,
    );
    // None is hung up on. A role may refuse some for being too many at a time, where the machine is slow.
    const codes = outcomes.map(({ code }) => code);
    assert.deepEqual(new Set(codes.filter((code) => code !== "RESOURCE_EXHAUSTED")), new Set(["OK"]));
    assert.ok(codes.filter((code) => code === "OK").length > 150, codes.join());
  });

  for (const [manner, batch] of [
    ["many at a time", 50],
    ["one at a time, so that a role sees each", 1],
  ] as const) {
    it(`end a connection whose streams are taken back at once, ${manner}, and only that one`, async () => {
      const outcomes = await othersAreServedDuring(() =>
        Promise.all(Array.from({ length: 8 }, () => streams({ count: 5000, batch, reset: true }))),
      );
      for (const { ended, opened } of outcomes) assert.ok(ended && opened <= 500, `${opened} streams, ended: ${ended}`);
    });
  }
});
