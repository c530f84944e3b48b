// What a connection may begin with.
import assert from "node:assert/strict";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { exchange } from "../support/tcp.ts";

const REQUEST = "GET /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const NEITHER = {
  "a preface that is none": "INVALID CONNECTION PREFACE\r\n\r\n",
  "a preface with another end": "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
  "the preface of another version": "PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n",
  "a method in lower case": "get /none HTTP/1.1\r\n\r\n",
  "a method that nobody knows": "GOT /none HTTP/1.1\r\n\r\n",
  "a method that goes on": "GETS /none HTTP/1.1\r\n\r\n",
  "a method without a space": "GET\t/none HTTP/1.1\r\n\r\n",
  "a greeting of TLS": "\x16\x03\x01\x02\x00\x01",
  "a zero byte": "\0",
};

describe("a new connection", () => {
  let server: ProbeServer;
  before(async () => {
    // So that only what closes at once passes: the test's own time is up long before.
    server = await startProbeServer({ limits: { sniffTimeoutMs: 3_600_000 } });
  });
  after(() => server.close());

  for (const [name, bytes] of Object.entries(NEITHER)) {
    it(`is closed at once if it begins with ${name}`, async () => {
      assert.deepEqual(await Promise.all([exchange(server.port, [bytes]), exchange(server.port, bytes)]), ["", ""]);
    });
  }

  for (const [name, request] of Object.entries({
    "a request": REQUEST,
    "empty lines and a request": `\r\n\r\n${REQUEST}`,
    "the longest method": REQUEST.replace("GET", "UNSUBSCRIBE"),
    "a method that begins like the preface": REQUEST.replace("GET", "PROPFIND"),
    "a method that begins like another": REQUEST.replace("GET", "M-SEARCH"),
  })) {
    it(`takes HTTP/1.1 that begins with ${name}, byte by byte as well`, async () => {
      const answers = await Promise.all([exchange(server.port, [request]), exchange(server.port, request)]);
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 404 /);
    });
  }
});
