// Contracts that contradict themselves are refused, with the line.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { meshPlugin } from "../../tools/protoc-gen-mesh/plugin.ts";
import { buf, compile, layDownContracts, requestFor } from "./support/compile.ts";
import { lineOf, SAMPLE, sampleWith } from "./support/sample.ts";

type Case = {
  /** What becomes of the sample. */
  readonly change: readonly [from: string, to: string];
  /** A text on the line that is blamed. */
  readonly at: string;
  readonly message: string;
};

const READ = "option (mesh.v1.policy) = {timeout: {nanos";
const WRITE = "option (mesh.v1.policy) = {timeout: {seconds: 1}";
const ASK = "option (mesh.v1.policy) = {\n";
const UNKNOWN_CODE =
  "retry.codes[0]: must be in list [CANCELLED, DEADLINE_EXCEEDED, INTERNAL, RESOURCE_EXHAUSTED, UNAVAILABLE]";

const CASES: Readonly<Record<string, Case>> = {
  no_policy: {
    change: ["option (mesh.v1.policy) = {};", ""],
    at: "rpc Watch",
    message: "rpc no_policy.Back.Watch has no policy",
  },
  no_workload: {
    change: ['option (mesh.v1.workload) = {name: "front" port: 8001};', ""],
    at: "rpc Ask",
    message: "rpc no_workload.Front.Ask has a policy, but its service no workload",
  },
  no_timeout: {
    change: ["timeout: {seconds: 2}", ""],
    at: ASK,
    message: "no_timeout.Front.Ask has no timeout",
  },
  unsafe_retry: {
    change: ["{timeout: {seconds: 1} callers", "{timeout: {seconds: 1} retry: {attempts: 2} callers"],
    at: WRITE,
    message: "unsafe_retry.Back.Write is retried, but its idempotency_level is neither NO_SIDE_EFFECTS nor IDEMPOTENT",
  },
  unknown_code: {
    change: ['["UNAVAILABLE", "RESOURCE_EXHAUSTED"]', '["TEAPOT"]'],
    at: READ,
    message: `rpc unknown_code.Back.Read: ${UNKNOWN_CODE} [string.in]`,
  },
  one_attempt: {
    change: ["attempts: 3", "attempts: 1"],
    at: READ,
    message:
      "rpc one_attempt.Back.Read: retry.attempts: must be greater than or equal to 2 and less than or equal to 5 [uint32.gte_lte]",
  },
  half_an_objective: {
    change: ["latency_ratio: 0.9", ""],
    at: ASK,
    message:
      "rpc half_an_objective.Front.Ask: objective: latency and latency_ratio go together [objective.latency_ratio]",
  },
  slow_objective: {
    change: ["latency: {nanos: 250000000}", "latency: {seconds: 5}"],
    at: ASK,
    message: "slow_objective.Front.Ask counts as quick within 5 s, but its timeout is 2 s",
  },
  immeasurable_objective: {
    change: ["latency: {nanos: 250000000}", "latency: {nanos: 300000000}"],
    at: ASK,
    message:
      "immeasurable_objective.Front.Ask counts as quick within 0.3 s, which no histogram can tell: it must be one of 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10 s",
  },
  unknown_caller: {
    change: ['callers: ["edge"]', 'callers: ["edge", "stranger"]'],
    at: ASK,
    message: 'unknown_caller.Front.Ask may be called by "stranger", which is not a workload',
  },
  unknown_callee: {
    change: ["sample.Back.Write", "sample.Back.Erase"],
    at: ASK,
    message: "unknown_callee.Front.Ask calls unknown_callee.Back.Erase, which is not an RPC of the mesh",
  },
  unlisted_caller: {
    change: ['timeout: {seconds: 1} callers: ["front"]', "timeout: {seconds: 1}"],
    at: ASK,
    message: "unlisted_caller.Front.Ask calls unlisted_caller.Back.Write, which may not be called by front",
  },
  overrun: {
    change: ["timeout: {seconds: 2}", "timeout: {seconds: 1 nanos: 250000000}"],
    at: ASK,
    message:
      "overrun.Front.Ask has a timeout of 1.25 s, but its calls may take 1.25 s: overrun.Back.Read 0.25 s, overrun.Back.Write 1 s",
  },
  endless_call: {
    change: ["sample.Back.Write", "sample.Back.Watch"],
    at: ASK,
    message: "endless_call.Front.Ask has a timeout of 2 s, but calls endless_call.Back.Watch, which has none",
  },
  less_important: {
    change: ["timeout: {seconds: 2}", "timeout: {seconds: 2} criticality: CRITICALITY_CRITICAL"],
    at: ASK,
    message: "less_important.Front.Ask is critical, but calls less_important.Back.Read, which is default",
  },
  loop: {
    change: ['callers: ["front"]};', 'callers: ["front"] calls: ["sample.Front.Ask"]};'],
    at: READ,
    message: "loop.Back.Read calls loop.Front.Ask calls loop.Back.Read",
  },
  storm: {
    change: ["retry: {attempts: 2}", 'retry: {attempts: 3 codes: ["UNAVAILABLE"]}'],
    at: ASK,
    message: "one call may become 9 tries, more than 6: storm.Front.Ask 3, storm.Back.Read 3",
  },
  ports: {
    change: ['{name: "back" port: 8002}', '{name: "front" port: 8002}'],
    at: 'option (mesh.v1.workload) = {name: "front" port: 8001}',
    message: "front has port 8001 here, and 8002 elsewhere",
  },
  template: {
    change: ["/ask/{id}", "/ask/{id"],
    at: "option (google.api.http)",
    message: 'rpc template.Front.Ask: path template "/ask/{id": "{id" is no segment',
  },
};

const fileOf = (name: string) => `${name}/${name}.proto`;
const sourceOf = (name: string) => sampleWith(name, ...CASES[name]!.change);

describe("the generator of policies", () => {
  let folder: string;
  let compiled: FileDescriptorProto[];
  before(() => {
    const contracts = Object.keys(CASES).map((name) => [fileOf(name), sourceOf(name)]);
    folder = layDownContracts({ ...Object.fromEntries(contracts), "sample/sample.proto": SAMPLE });
    compiled = compile(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (file: string, parameter = "") => meshPlugin.run(requestFor([file], compiled, parameter));

  for (const [name, { at, message }] of Object.entries(CASES)) {
    it(`refuses ${name.replaceAll("_", " ")}`, () => {
      const { error, file } = run(fileOf(name));
      const blamed = `${fileOf(name)}:${lineOf(sourceOf(name), at.trimEnd())}: ${message}`;
      assert.equal(error.split("\n")[0], "the contracts contradict themselves");
      assert.ok(error.split("\n").includes(blamed), `expected ${blamed}\nin ${error}`);
      assert.deepEqual(file, []);
    });
  }

  it("takes a contract without contradictions", () => {
    const { error, file } = run("sample/sample.proto");
    assert.equal(error, "");
    assert.equal(file.length, 9);
  });

  it("takes more tries if it may", () => {
    assert.equal(run(fileOf("storm"), "max_tries=9").error, "");
  });

  it("refuses options that it does not know, or that make no sense", () => {
    assert.throws(() => run("sample/sample.proto", "colour=red"), /unknown option "colour": expected namespace, /);
    assert.throws(() => run("sample/sample.proto", "namespace="), /option "namespace" has no value/);
    assert.throws(() => run("sample/sample.proto", "max_tries=many"), /"max_tries" must be a whole number above 0/);
  });

  it("fails `buf generate`, with every contradiction", () => {
    const main = resolve(import.meta.dirname, "../../tools/protoc-gen-mesh/main.ts");
    const plugin = { local: [process.execPath, main], out: "gen", strategy: "all" };
    const template = join(folder, "template.json");
    writeFileSync(template, JSON.stringify({ version: "v2", plugins: [plugin] }));
    const args = ["generate", "--template", template, "--path", fileOf("overrun"), "--path", fileOf("unknown_code")];
    const { status, stderr } = spawnSync(buf, args, { cwd: folder, encoding: "utf8" });
    assert.notEqual(status, 0);
    assert.match(stderr, /^overrun\/overrun\.proto:10: overrun\.Front\.Ask has a timeout of 1\.25 s/m);
    assert.match(stderr, /^unknown_code\/unknown_code\.proto:25: rpc unknown_code\.Back\.Read: retry\.codes\[0\]/m);
  });
});
