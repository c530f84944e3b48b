// What a connection may begin with.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";

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

  /** Sends parts, each in a packet of its own, and gives all that comes back before the server closes. */
  async function exchange(parts: Iterable<string>): Promise<string> {
    const socket = connect({ port: server.port, host: "127.0.0.1", noDelay: true });
    let answer = "";
    const closed = once(socket, "close");
    socket
      .on("error", () => {})
      .on("data", (data) => {
        answer += data;
      });
    await once(socket, "connect");
    for (const part of parts) {
      socket.write(part, "latin1");
      await new Promise(setImmediate);
    }
    await closed;
    return answer;
  }

  for (const [name, bytes] of Object.entries(NEITHER)) {
    it(`is closed at once if it begins with ${name}`, async () => {
      assert.deepEqual(await Promise.all([exchange([bytes]), exchange(bytes)]), ["", ""]);
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
      const answers = await Promise.all([exchange([request]), exchange(request)]);
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 404 /);
    });
  }
});
