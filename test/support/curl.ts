// As much of curl as README and these tests use, for machines that have none: sends the request that curl would, and prints what curl would.
// Options that it does not know are an error.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { request as requestTls } from "node:https";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    request: { type: "string", short: "X" },
    header: { type: "string", short: "H", multiple: true, default: [] },
    data: { type: "string", short: "d" },
    include: { type: "boolean", short: "i" },
    "fail-with-body": { type: "boolean" },
    silent: { type: "boolean", short: "s" },
    "show-error": { type: "boolean", short: "S" },
    cacert: { type: "string" },
  },
});
const [url, ...others] = positionals;
if (url === undefined || others.length > 0) throw new Error("one URL is needed");

const { data, header, include } = values;
const headers: Record<string, string> = { accept: "*/*" };
if (data !== undefined) {
  headers["content-type"] = "application/x-www-form-urlencoded";
  headers["content-length"] = String(Buffer.byteLength(data));
}
for (const line of header) {
  const [name = "", value = ""] = line.split(/:\s*/, 2);
  headers[name.toLowerCase()] = value;
}

const method = values.request ?? (data === undefined ? "GET" : "POST");
const ca = values.cacert === undefined ? undefined : readFileSync(values.cacert, "utf8");
const outgoing = (
  url.startsWith("https:") ? requestTls(url, { method, headers, ca }) : request(url, { method, headers })
).end(data);
const { promise, resolve, reject } = Promise.withResolvers<void>();
outgoing.once("error", reject).once("response", async (response) => {
  const { httpVersion, statusCode = 0, statusMessage, rawHeaders } = response;
  const body = await text(response);
  if (include) {
    const names = rawHeaders.filter((_, i) => i % 2 === 0);
    const lines = names.map((name, i) => `${name}: ${rawHeaders[2 * i + 1]}\r\n`);
    process.stdout.write(`HTTP/${httpVersion} ${statusCode} ${statusMessage}\r\n${lines.join("")}\r\n`);
  }
  process.stdout.write(body);
  if (values["fail-with-body"] && statusCode >= 400) process.exitCode = 22;
  resolve();
});
await promise;
