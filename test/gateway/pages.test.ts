// The shop's page as the gateway serves it. test/web looks at it in a browser.
import assert from "node:assert/strict";
import { get as httpGet, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { builtPages } from "../../src/gateway/built-pages.ts";
import { outcomes } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";
import { knownReasons, wordsFor } from "../../web/shop/words.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const MAX_SCRIPT_BYTES = 60 * 1024;
const TRACE_URL = "http://traces.example/?a=1&id={trace_id}";
const PAGE_TRACES_URL = "http://collector.example:4318/v1/traces";

describe("the shop's page", () => {
  let shop: RolesShop;
  before(async () => {
    shop = await startShop({}, { envOf: (role) => (role === "gateway" ? { TRACE_URL, PAGE_TRACES_URL } : {}) });
  });
  after(() => shop.close());

  /** As it comes: `fetch` would decompress it. */
  async function raw(path: string, headers: Record<string, string> = {}, method = "GET") {
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      httpGet(shop.url("gateway") + path, { headers, method }, resolve).on("error", reject),
    );
    return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
  }
  const assets = () => builtPages().filter(({ path }) => path.startsWith("assets/"));
  const script = () => `/${assets().find(({ path }) => /shop-.*\.js$/.test(path))!.path}`;

  it("is at /, and knows what its gateway was told", async () => {
    const { status, headers, body } = await raw("/");
    assert.deepEqual([status, headers["content-type"]], [200, "text/html; charset=utf-8"]);
    const [, told = ""] = /<meta name="gateway" content="([^"]*)"/.exec(body.toString()) ?? [];
    const settings = JSON.parse(told.replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
    assert.deepEqual(settings, { traceUrl: TRACE_URL, tracesUrl: PAGE_TRACES_URL, console: false });
  });

  it("may run, load and call what comes from here, and send its spans, and nothing else", async () => {
    for (const path of ["/", script()]) {
      const { headers } = await raw(path);
      const policy = String(headers["content-security-policy"]);
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
      assert.match(policy, /frame-ancestors 'none'.*require-trusted-types-for 'script'/);
      assert.doesNotMatch(policy, /unsafe|\*|data:/);
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    const { headers } = await raw("/");
    assert.match(String(headers["content-security-policy"]), /; connect-src 'self' http:\/\/collector\.example:4318;/);
  });

  it("loads no more than 60 KiB of script, and nothing from elsewhere", async () => {
    const { body } = await raw("/");
    const loaded = [...body.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    assert.ok(loaded.length >= 3 && loaded.every((path) => path.startsWith("/assets/")), String(loaded));
    const scripts = await Promise.all(
      loaded.filter((path) => path.endsWith(".js")).map((path) => raw(path, { "accept-encoding": "gzip" })),
    );
    const bytes = scripts.reduce((sum, { body }) => sum + body.length, 0);
    assert.ok(bytes > 1000 && bytes <= MAX_SCRIPT_BYTES, `${bytes} bytes`);
  });

  it("comes compressed to those who take gzip, and plain to others", async () => {
    for (const path of ["/", script()]) {
      const plain = await raw(path);
      assert.equal(plain.headers["content-encoding"], undefined);
      for (const taken of ["gzip", "br, GZIP;q=0.5", "*"]) {
        const { headers, body } = await raw(path, { "accept-encoding": taken });
        assert.equal(headers["content-encoding"], "gzip", taken);
        assert.deepEqual(gunzipSync(body), plain.body);
      }
      for (const taken of ["", "identity", "br", "gzip;q=0", "*;q=0"]) {
        const { headers, body } = await raw(path, { "accept-encoding": taken });
        assert.equal(headers["content-encoding"], undefined, taken);
        assert.deepEqual(body, plain.body);
      }
      assert.match(String(plain.headers.vary), /accept-encoding/);
    }
  });

  it("is sent once: its files are kept, and it is asked for anew each time", async () => {
    assert.equal((await raw(script())).headers["cache-control"], "public, max-age=31536000, immutable");
    const { headers } = await raw("/");
    assert.equal(headers["cache-control"], "no-cache");
    for (const known of [headers.etag!, `W/${headers.etag}`, `"other", ${headers.etag}`, "*"]) {
      const again = await raw("/", { "if-none-match": known });
      assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, headers.etag]);
    }
    assert.equal((await raw("/", { "if-none-match": '"other"' })).status, 200);
  });

  it("answers HEAD, refuses other methods, and knows no other files", async () => {
    const head = await raw("/", {}, "HEAD");
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    const post = await raw("/", {}, "POST");
    assert.deepEqual([post.status, post.headers.allow], [405, "GET, HEAD"]);
    for (const path of [
      "/assets/",
      "/assets/../index.html",
      "/assets/%2e%2e/index.html",
      "/index.html",
      "/index.html.gz",
    ])
      assert.equal((await raw(path)).status, 404, path);
  });

  it("comes over HTTP/2 as well, with its trace", async () => {
    const session = connect(shop.url("gateway"));
    const stream = session.request({ ":path": "/", "accept-encoding": "gzip" });
    const [head] = await Promise.all([
      new Promise<NodeJS.Dict<unknown>>((resolve) => stream.once("response", resolve)),
    ]);
    assert.deepEqual([head[":status"], head["content-encoding"]], [200, "gzip"]);
    assert.match(gunzipSync(await buffer(stream)).toString(), /^<!doctype html>/);
    session.close();
  });

  it("is not there where SHOP_PAGE is false", async () => {
    await using without = await startShop({ SHOP_PAGE: "false" }).then((started) => ({
      ...started,
      [Symbol.asyncDispose]: () => started.close(),
    }));
    assert.equal((await fetch(without.url("gateway"))).status, 404);
    assert.equal((await fetch(without.url("gateway") + script())).status, 404);
  });

  it("has words for reasons that a service may give, and else what the service says", () => {
    const ofServer = "DEPENDENCY_UNAVAILABLE"; // of any role whose peers are away
    assert.deepEqual(
      knownReasons.filter((reason) => outcomes.table[reason] === undefined),
      [ofServer],
    );
    const known = { code: Code.FailedPrecondition, reason: "CARD_DECLINED", message: "the card was declined" };
    assert.equal(wordsFor(known), "The card was declined. Nothing was charged.");
    assert.equal(wordsFor({ ...known, reason: "OUT_OF_STOCK", message: "there is too little" }), "there is too little");
  });

  it("has settings that are checked", () => {
    const wrong = { TRACE_URL: "http://traces.example/", PAGE_TRACES_URL: "collector:4318", SHOP_PAGE: "maybe" };
    for (const [name, value] of Object.entries(wrong))
      assert.throws(() => readSettings({ ROLE: "gateway", [name]: value }), new RegExp(`\\b${name}\\b`));
  });
});
