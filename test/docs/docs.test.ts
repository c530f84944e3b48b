// What the documents name is there: paths, links, commands, settings.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path/posix";
import { type Document, readDocument } from "./document.ts";
import { errorNames, makeTargets, npmScripts, settings } from "./names.ts";

/** Made by commands, so a fresh clone does not have them. */
const MADE_BY_COMMANDS = /^(data|dist|third_party|node_modules|\.cache)\//;
const OTHERS = new Set(["node_modules", "third_party", "gen", "dist", "data", ".cache", ".git"]);
const MEDIA_TYPE = /^(application|text)\//;
const FILE_NAME = /\.(ts|md|ya?ml|json|sh|proto|env)$/;

/** Commands that no test runs as they stand, and why. test/e2e/readme.test.ts and test/screens run all others of the README, of docs/breaking.md and of SECURITY.md. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "SEED=7 FAULTS_SECONDS=600 make test-faults FAULT_TESTS=test/faults/histories.slow.ts TIMED_FAULT_TESTS=":
    "ten minutes; .ci/run runs it for less",
  "make run-all": "test/run-all runs what it runs, at ports of its own",
  "make run-all NODE=/path/to/node": "the path is the reader's; test/tools/chosen-node.test.ts chooses another Node",
  "make demo": "test/screens runs it, for less time",
  "make run-all TLS=1": "test/screens runs what it runs, at ports of its own",
  "make run ROLE=user": "test/faults starts roles as processes",
  "make test": "this is it",
  "make test TESTS=test/saga/saga.test.ts": "a part of this",
  'make test TESTS=test/saga/saga.test.ts ARGS="--grep refund"': "a part of this",
  "make test-mesh": "needs root and minutes; continuous integration runs it",
  "CHECKS='test/mesh/checks/7*' test/mesh/run.sh": "a part of make test-mesh",
  "KEEP=1 test/mesh/run.sh --grep canary": "a part of make test-mesh",
  "MESH_PROGRAM=built test/mesh/run.sh": "needs root and minutes",
  "test/mesh/lab/down.sh": "ends what make test-mesh started",
  "kubectl apply -k k8s/overlays/dev": "needs a cluster; test/manifests checks the overlays",
  "kubectl -n shop port-forward svc/api-gateway 8080": "needs a cluster",
  "istioctl install -f istio/install.yaml": "needs a cluster; make test-mesh installs the same",
  "kubectl apply --server-side -k istio/overlays/dev": "needs a cluster; make test-mesh applies the overlays",
  "kubectl -n shop port-forward svc/edge-istio 8080:80 8090": "needs a cluster",
};

/** Agents open it by its name. */
const FOUND_BY_NAME = "AGENTS.md";

const FIRST_TRACE_LINES = 90;
const COLUMNS = 100;

/** All files but those of other projects, and those that commands make. */
const files = globSync("**/*.*", { exclude: (path) => OTHERS.has(basename(path)) });
const documents = files
  .filter((file) => file.endsWith(".md"))
  .toSorted()
  .map(readDocument);
const byPath = new Map(documents.map((document) => [document.path, document]));

const TUTORIAL = "docs/adding-a-service.md";

describe("the documents", () => {
  it("are all reached from README.md", () => {
    const reached = new Set(["README.md"]);
    for (const path of reached) {
      for (const { file } of localLinks(path)) if (byPath.has(file)) reached.add(file);
    }
    assert.deepEqual(
      documents.map(({ path }) => path).filter((path) => !reached.has(path) && path !== FOUND_BY_NAME),
      [],
    );
    assert.ok(reached.size >= 15);
  });

  it(`lead to the first trace within ${FIRST_TRACE_LINES} lines of ${COLUMNS} columns`, () => {
    const [before = ""] = readFileSync("README.md", "utf8").split(/(?<=localhost:4318.*?)^## /ms);
    assert.match(before, /POST \/api\/orders`/);
    const lines = before.split("\n").map(({ length }) => Math.max(1, Math.ceil(length / COLUMNS)));
    const count = lines.reduce((sum, n) => sum + n, 0);
    assert.ok(count <= FIRST_TRACE_LINES, `it takes ${count}`);
  });

  it("name paths that exist", () => {
    assert.deepEqual(
      wrong(({ path, code }) => code.filter((text) => isPath(text) && !exists(text, path) && !comesToBe(text, path))),
      [],
    );
  });

  it("link to what is there", () => {
    const broken = ({ file, anchor }: LocalLink) =>
      !existsSync(file) || (anchor !== undefined && !byPath.get(file)?.anchors.has(anchor));
    assert.deepEqual(
      wrong(({ path }) =>
        localLinks(path)
          .filter(broken)
          .map(({ link }) => link),
      ),
      [],
    );
  });

  it("name targets of the Makefile, scripts of npm and files of tests", () => {
    assert.deepEqual(
      wrong(({ code, commands }) => [...code, ...commands].filter(namesWhatIsNot)),
      [],
    );
  });

  it("name settings that are read, and errors that are made", () => {
    const isKnown = (name: string) => settings.has(name) || errorNames.has(name);
    const namesOf = (text: string) => /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$/.exec(text)?.[1] ?? [];
    assert.deepEqual(
      wrong(({ path, code }) => code.flatMap(namesOf).filter((name) => !isKnown(name) && !comesToBe(name, path))),
      [],
    );
  });

  it("show commands that are run by a test, or say why not", () => {
    // By test/e2e/readme.test.ts and test/screens/walk-throughs.slow.ts; by test/new-service, word for word.
    const isRun = (path: string, command: string) =>
      (["README.md", "docs/breaking.md", "SECURITY.md"].includes(path) && !command.startsWith("make")) ||
      path === TUTORIAL;
    assert.deepEqual(
      wrong(({ path, commands }) => commands.filter((c) => !isRun(path, c) && NOT_RUN[c] === undefined)),
      [],
    );
  });

  it("show each command that is said not to be run", () => {
    const shown = new Set(documents.flatMap(({ commands }) => commands));
    assert.deepEqual(
      Object.keys(NOT_RUN).filter((command) => !shown.has(command)),
      [],
    );
  });
});

/** Whether the tutorial makes it, in its reader's tree. */
const comesToBe = (text: string, path: string): boolean => path === TUTORIAL && /stock/i.test(text);

/** What is wrong in which document. */
function wrong(find: (document: Document) => string[]): string[] {
  return documents.flatMap((document) => find(document).map((text) => `${document.path}: ${text}`));
}

type LocalLink = { readonly link: string; readonly file: string; readonly anchor: string | undefined };

/** The links of a document that stay in this tree. */
function localLinks(path: string): LocalLink[] {
  const local = byPath.get(path)?.links.filter((link) => !/^[a-z]+:/.test(link)) ?? [];
  return local.map((link) => {
    const [target = "", anchor] = link.split("#");
    return { link, file: target === "" ? path : normalize(join(dirname(path), target)), anchor };
  });
}

function namesWhatIsNot(command: string): boolean {
  const [, target] = /^make ([a-z][\w-]*)/.exec(command) ?? [];
  const [, script] = /^npm (?:run )?(\w+)/.exec(command) ?? [];
  const tests = [...command.matchAll(/\bTESTS=([^\s'"]+)/g)].map(([, pattern = ""]) => pattern);
  return (
    (target !== undefined && !makeTargets.has(target)) ||
    (script !== undefined && !npmScripts.has(script)) ||
    tests.some((pattern) => globSync(pattern).length === 0)
  );
}

/** Whether what stands between backticks is a path: `src/app.ts`, `k8s/`, `saga.ts`; not `/health` or `@grpc/grpc-js`. */
function isPath(text: string): boolean {
  if (!/^\.?\w[\w.*-]*(\/[\w.*-]+)*\/?$/.test(text) || MEDIA_TYPE.test(text) || MADE_BY_COMMANDS.test(text))
    return false;
  // `.ts` is a kind of file, and `grpc.health.v1.Health/Check` a method.
  return (FILE_NAME.test(text) && !/^\.\w+$/.test(text)) || (text.includes("/") && !/^[a-z]\w*\.[\w.]+\//.test(text));
}

/** Whether a path leads somewhere from the root or from the document's folder; a bare name is that of any file. */
function exists(name: string, document: string): boolean {
  if (!name.includes("/") && files.some((file) => basename(file) === name)) return true;
  return [name, join(dirname(document), name)].some((path) => globSync(path).length > 0);
}
