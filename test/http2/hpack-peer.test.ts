// Header compression with a foreign peer: node:http2, whose encoder uses Huffman code and the dynamic table.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type OutgoingHttpHeaders } from "node:http2";
import fc from "fast-check";
import { startRawServer } from "./raw-server.ts";

const NAMES = ["accept", "content-type", "x-one", "x-two", "grpc-timeout", "traceparent", "authorization", "cookie"];
const character = fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f);
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0x30, max: 0x66 }), character), { maxLength: 150 })
  .map((codes) => String.fromCharCode(...codes));
const value = fc.oneof(fc.constantFrom("", "gzip", "trailers", "application/grpc", "a b\tc"), anyText);
const name = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,40}$/), // of the kind that is nobody's
);
const fieldsOf = fc.dictionary(name, value, { maxKeys: 15, noNullPrototype: true });

describe("header compression with a foreign peer", () => {
  for (const { ours, theirs } of [
    { ours: 4096, theirs: 4096 },
    { ours: 0, theirs: 0 },
    { ours: 300, theirs: 500 },
    { ours: 60_000, theirs: 60_000 },
  ]) {
    it(`with tables of ${ours} bytes here and ${theirs} bytes there`, async () => {
      const lists = fc.sample(fieldsOf, { numRuns: 300, seed: 7541 });
      const answers = lists.map((fields) => [":status", "200", ...Object.entries(fields).flat()]);
      const indexed = new Set([...NAMES, ":status"]);
      await using server = await startRawServer(ours, indexed, (request) => answers[request]!);
      await using cleanup = new AsyncDisposableStack();
      const session = connect(`http://127.0.0.1:${server.port}`, { settings: { headerTableSize: theirs } });
      cleanup.defer(() => session.destroy());
      await once(session, "remoteSettings");
      for (const [i, fields] of lists.entries()) {
        if (i === 100) session.settings({ headerTableSize: 64 });
        if (i === 200) session.settings({ headerTableSize: 4096 });
        const stream = session.request({ ":path": `/${i % 20}`, ...fields });
        const [head] = (await once(stream, "response")) as [OutgoingHttpHeaders];
        stream.resume();
        const expected = { ":method": "GET", ":scheme": "http", ":authority": `127.0.0.1:${server.port}` };
        assert.deepEqual(toObject(server.requests[i]!), { ...expected, ":path": `/${i % 20}`, ...fields });
        assert.deepEqual({ ...head }, { ":status": 200, ...fields, ...sensitive(head) });
      }
    });
  }
});

function toObject(fields: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) object[fields[i]!] = fields[i + 1]!;
  return object;
}

/** What node:http2 adds to headers: the names of those that must never be indexed. */
function sensitive(head: OutgoingHttpHeaders): object {
  return Object.fromEntries(Object.getOwnPropertySymbols(head).map((key) => [key, Reflect.get(head, key)]));
}
