// What the build says of a program whose roles do not start as they should. The stubs are no program of ours: each role runs the same lines.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { roleNames } from "../../src/roles.ts";
import { rehearse } from "../../tools/build/rehearsal.ts";

/** Tells who it is, for whoever wants to know that it has ended. */
const NAMED = `const { mkdirSync, writeFileSync } = require("node:fs");
mkdirSync(process.env.DATA_DIR, { recursive: true });
writeFileSync(process.env.DATA_DIR + "/pid", String(process.pid));
`;
const LASTING = "setInterval(() => {}, 1000);";
/** Serves, and ends as soon as somebody asks. */
const ENDING = `const server = require("node:net").createServer(() => process.exit(4));
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ message: "serves", address: "127.0.0.1:" + server.address().port }));
});`;

const BEGIN = "did not begin to serve when the build rehearsed its start, and";
const STUBS: Readonly<Record<string, { program: string; timeoutMs?: number; fault: (role: string) => string }>> = {
  "whose roles end at once": {
    program: 'console.log("no such file"); process.exitCode = 3;',
    fault: () => `${BEGIN} ended with code 3: it wrote\nno such file`,
  },
  "whose roles never serve": {
    program: LASTING,
    timeoutMs: 3000,
    fault: () => `${BEGIN} was killed after 3 s: it wrote nothing`,
  },
  "of whose roles one ends at once": {
    program: `if (process.env.ROLE === "user") process.exitCode = 3; else ${LASTING}`,
    timeoutMs: 3000,
    fault: (role) => (role === "user" ? `${BEGIN} ended with code 3` : `${BEGIN} was killed after 3 s`),
  },
  "whose roles do not answer": {
    program: ENDING,
    fault: () => "did not answer when the build rehearsed its start, and ended with code 4: ",
  },
};

describe("the rehearsal of a program", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tracemesh-rehearsal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [what, { program, timeoutMs, fault }] of Object.entries(STUBS)) {
    it(`${what} fails once none of them runs, and names each`, async () => {
      const bundle = join(folder, "stub.cjs");
      writeFileSync(bundle, NAMED + program);
      await assert.rejects(rehearse(bundle, folder, timeoutMs), ({ message }: Error) => {
        for (const role of roleNames) assert.ok(message.includes(`the role ${role} ${fault(role)}`), message);
        return true;
      });
      for (const role of roleNames) {
        const pid = Number(readFileSync(join(folder, role, "pid"), "utf8"));
        assert.throws(() => process.kill(pid, 0), { code: "ESRCH" }, role);
      }
    });
  }
});
