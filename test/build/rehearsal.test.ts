// What the build says of a program whose roles do not start as they should. The stubs are no program of ours: each role runs the same lines.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { roleNames } from "../../src/roles.ts";
import { rehearse } from "../../tools/build/rehearsal.ts";

const SERVES = `console.log(JSON.stringify({ message: "serves", address: "127.0.0.1:" + server.address().port }))`;
const SILENT = `const server = require("node:net").createServer(() => {}).listen(0, "127.0.0.1", () => ${SERVES});`;

describe("the rehearsal of a program", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tracemesh-rehearsal-"));
  });

  const stubs: Readonly<Record<string, { program: string; timeoutMs: number; fault: (role: string) => string }>> = {
    "whose roles end at once": {
      program: 'console.log("no such file"); process.exitCode = 3;',
      timeoutMs: 20_000,
      fault: (role) =>
        `the role ${role} did not begin to serve when the build rehearsed its start, and ended with code 3: it wrote\nno such file`,
    },
    "whose roles never serve": {
      program: "setInterval(() => {}, 1000);",
      timeoutMs: 500,
      fault: (role) =>
        `the role ${role} did not begin to serve when the build rehearsed its start, and was killed after 0.5 s: it wrote nothing`,
    },
    "whose roles never answer": {
      program: SILENT,
      timeoutMs: 4000,
      fault: (role) => `the role ${role} did not answer when the build rehearsed its start, and was killed after 4 s: `,
    },
  };
  for (const [what, { program, timeoutMs, fault }] of Object.entries(stubs)) {
    it(`${what} fails, names each, and leaves nothing behind`, async () => {
      const bundle = join(folder, "stub.cjs");
      writeFileSync(bundle, program);
      await assert.rejects(rehearse(bundle, folder, timeoutMs), ({ message }: Error) => {
        for (const role of roleNames) assert.ok(message.includes(fault(role)), message);
        return true;
      });
      rmSync(folder, { recursive: true }); // throws if somebody still writes there
    });
  }
});
