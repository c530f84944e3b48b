// Makes calls, and writes how many have left something that scavenges do not free: node --expose-gc --no-incremental-marking garbage-of-calls.ts server|client|rest|stream|connect.
// A process of its own for each, because V8 allocates in the old generation what has survived elsewhere.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { serverHooks } from "../../src/rpc/hooks/hooked.ts";
import { service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { startRest } from "./rest.ts";

const WAVES = 12;
const CALLS_AT_ONCE = 40;

declare const gc: (options?: { readonly type: "minor" }) => void;

const [path] = process.argv.slice(2) as ["server" | "client" | "rest" | "stream" | "connect"];
const seen = { server: [] as WeakRef<object>[], client: [] as WeakRef<object>[] };

const library = service(LibraryService, {
  async getBook(request, context) {
    seen.server.push(new WeakRef(context));
    await turn(); // so that calls are open at the same time
    return { request };
  },
});
const probe = service(ProbeService, {
  async *serverStream(_, context) {
    seen.server.push(new WeakRef(context));
    await turn();
    yield {};
  },
});
// Streams have closures of their own within hooks.
const { url } = await startRest({ services: [library, probe], interceptors: [serverHooks({})] });
const transport = createGrpcTransport({ target: new URL(url).host });
const client = createClient(LibraryService, transport);
const streams = createClient(ProbeService, transport);
const idle: Socket[] = [];

async function scavenge(): Promise<void> {
  await turn(); // what a WeakRef has shown lives until then
  gc({ type: "minor" });
}

function callGrpc(): Promise<unknown> {
  const { signal } = new AbortController();
  seen.client.push(new WeakRef(signal));
  return client.getBook({}, { signal });
}

async function openStream(): Promise<void> {
  for await (const _ of streams.serverStream({}));
}

const GET = "GET /v1/book HTTP/1.1\r\nhost: a\r\n\r\n";
const POST = `POST /${LibraryService.typeName}/GetBook HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;

/** By hand: what Node's own client leaves would be counted, too. */
async function send(request: string): Promise<void> {
  const socket = idle.pop() ?? connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(request);
  await once(socket, "data"); // an answer is written at once
  idle.push(socket);
}

const calls = {
  server: callGrpc,
  client: callGrpc,
  rest: () => send(GET),
  stream: openStream,
  connect: () => send(POST),
};
const call = calls[path];
await call(); // connects
gc();
for (let wave = 0; wave < WAVES; wave++) {
  const answers = Array.from({ length: CALLS_AT_ONCE }, call);
  // At the server, what is open moves into the old generation, where it must not hold what comes later.
  await (path === "client" ? turn() : scavenge());
  await Promise.all(answers);
}
const refs = path === "client" ? seen.client : seen.server;
for (let i = 0; i < 3; i++) await scavenge();
const left = refs.filter((ref) => ref.deref() !== undefined).length;
process.stdout.write(JSON.stringify({ calls: refs.length, left }));
process.exit();
