import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ARTIFACTS } from "../../tools/build.ts";
import { buildOnce } from "./support/built.ts";

/** Node itself, and what a bundle leaves out: peers at xds: and the tracing of foreign calls, of which it has none. */
const LEFT_OUT = [
  ...["@grpc/grpc-js", "@grpc/grpc-js-xds", "@opentelemetry/instrumentation", "@opentelemetry/instrumentation-grpc"],
  "node",
];

describe("the notices", () => {
  it("name every package that the program needs, with its licence", async () => {
    await buildOnce();
    const notices = readFileSync(ARTIFACTS.notices, "utf8").split(`\n\n${"-".repeat(80)}\n\n`);
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    const ofPages = ["preact", "@preact/signals", "@connectrpc/connect-web"];
    const wanted = [...Object.keys(dependencies), ...ofPages].filter((name) => !LEFT_OUT.includes(name));
    const missing = wanted.filter((name) => !notices.some((notice) => notice.startsWith(`${name} `)));
    assert.deepEqual(missing, []);
    const unclear = notices.slice(1).filter((notice) => !/^\S+ \S+ \((?!licence not named)[^)]+\)/.test(notice));
    assert.deepEqual(unclear, []);
    assert.match(notices[0]!, /Node\.js v26\./);
  });
});
